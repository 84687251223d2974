from enishi.cli.words import spoken


@spoken("score", en="x", ja="x")
def command() -> None: ...
