from enishi.cli.words import spoken


@spoken("asof", en="x", ja="x")
def command() -> None: ...
