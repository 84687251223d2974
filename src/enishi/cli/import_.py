from enishi.cli.words import spoken


@spoken("import_", en="x", ja="x")
def command() -> None: ...
