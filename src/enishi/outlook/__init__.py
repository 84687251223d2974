"""Where revenue will land: targets, forecast with intervals, what moved."""
