from enishi.cli.words import spoken


@spoken("backtest", en="x", ja="x")
def command() -> None: ...
