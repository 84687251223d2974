from enishi.cli.words import spoken


@spoken("real", en="x", ja="x")
def command() -> None: ...
