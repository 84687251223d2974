from enishi.cli.words import spoken


@spoken("explain", en="x", ja="x")
def command() -> None: ...
