"""Files brought in through the browser: dropped, mapped, tried, run, looked at, undone."""
