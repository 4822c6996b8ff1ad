"""How the command line helps: examples in the help of each command, and what mistyped commands mean."""

import difflib
import re
from typing import Any

import typer
from typer.core import TyperGroup

CONTEXT = {"help_option_names": ["-h", "--help"]}
"""Settings of the command line that all commands share."""

EXAMPLES: dict[str, tuple[str, ...]] = {
    "simulate": ("sparkify simulate data", "sparkify simulate small --songs 100 --users 50 --days 7"),
    "create-tables": ("sparkify create-tables", "sparkify create-tables --yes --database other.duckdb"),
    "etl": ("sparkify etl", "sparkify etl --song-data s3://bucket/song_data --log-data s3://bucket/log_data"),
    "unload": ("sparkify unload 2018-11-05-events.json", "sparkify unload '2018-11-*' --dry-run"),
    "prune": ("sparkify prune --older-than 400d --dry-run", "sparkify prune --before 2018-11-01"),
    "create": ("sparkify cluster create --dry-run", "sparkify cluster create --type serverless"),
    "status": ("sparkify status",),
    "runs": ("sparkify runs", "sparkify runs 17", "sparkify runs --json"),
    "rejects": ("sparkify rejects", "sparkify rejects --file 2018-11-05-events.json --raw > fixed.json"),
    "doctor": ("sparkify doctor", "sparkify doctor --json"),
    "query": (
        'sparkify query "SELECT level, COUNT(*) AS plays FROM songplays GROUP BY level"',
        "sparkify query report.sql --csv > report.csv",
    ),
    "shell": ("sparkify shell", "sparkify shell --database other.duckdb"),
    "questions": ("sparkify questions", "sparkify questions top_songs --last 7d --compare previous"),
    "check": ("sparkify check", "sparkify check expected_answers"),
    "report": ("sparkify report", "sparkify report november.html --since 2018-11-01 --until 2018-11-30"),
    "export": ("sparkify export parquet", "sparkify export s3://bucket/prefix --overwrite"),
    "notebooks": ("sparkify notebooks", "sparkify notebooks course"),
    "cluster": ("sparkify cluster create --dry-run",),
    "pause": ("sparkify cluster pause",),
    "resume": ("sparkify cluster resume",),
    "delete": ("sparkify cluster delete --dry-run",),
}
"""By command, in the order of the help, what people type; ``status`` is one of the cluster, too."""

_SYNONYMS = {
    "load": "etl",
    "run": "etl",
    "import": "etl",
    "ingest": "etl",
    "sql": "query",
    "select": "query",
    "psql": "shell",
    "repl": "shell",
    "console": "shell",
    "undo": "unload",
    "remove": "unload",
    "retention": "prune",
    "expire": "prune",
    "vacuum": "prune",
    "ask": "questions",
    "question": "questions",
    "answers": "questions",
    "init": "create-tables",
    "create": "create-tables",
    "drop": "create-tables",
    "generate": "simulate",
    "test": "check",
    "audit": "check",
    "dashboard": "report",
    "html": "report",
    "parquet": "export",
    "info": "status",
    "config": "doctor",
    "diagnose": "doctor",
    "version": "--version",
    "help": "--help",
}
"""What other tools call what is here."""

_COMMON = ("--config", "--database")
"""What commands take that people also write before them."""

_PLAIN = (
    ("^Value error, ", ""),
    ("Input should be a valid integer.*", "it must be a whole number"),
    ("Input should be a valid number.*", "it must be a number"),
    ("Input should be greater than or equal to ", "it must be at least "),
    ("Input should be less than or equal to ", "it must be at most "),
)
"""What the library that reads options says of wrong ones, and what it means."""

_ALIKE = 0.75
"""How much a word must be like a command's name to be taken for it."""


class Commands(TyperGroup):
    """A group of commands with examples, flags without a type, and a guess where one is near."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The names of the commands, in the order in which people come to need them."""
        order = list(EXAMPLES)
        return sorted(super().list_commands(ctx), key=order.index)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of a name, with its examples."""
        command = super().get_command(ctx, cmd_name)
        if command is None:
            return None
        _flags_without_a_type(command.get_params(ctx))
        where = "cluster " if ctx.info_name == "cluster" and cmd_name == "status" else ""
        examples = [
            example.replace("sparkify ", f"sparkify {where}") for example in EXAMPLES.get(cmd_name, ())
        ]
        if examples:
            command.epilog = "\n\n".join([f"Example{'s' * (len(examples) > 1)}:", *examples])
        return command

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that is called, or an error with a guess."""
        self.suggest_commands = False
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            name, names = args[0], self.list_commands(ctx)
            meant = _SYNONYMS.get(name.lower()) if ctx.parent is None else None
            near = [meant] if meant else difflib.get_close_matches(name, names, n=1, cutoff=_ALIKE)
            hint = f"did you mean {near[0]}?" if near else f"the commands are: {', '.join(names)}"
            ctx.fail(f"No such command {name!r}; {hint}")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Call the command; what is wrong with its options is said in the words of people."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            for pattern, plain in _PLAIN:
                error.message = re.sub(pattern, plain, error.message)
            raise

    def parse_args(self, ctx: Any, args: list[str]) -> Any:
        """Read the command line; what all commands take may also stand before the command."""
        return super().parse_args(ctx, _common_last(args))

    def get_params(self, ctx: Any) -> Any:
        """The options, flags without a type."""
        return _flags_without_a_type(super().get_params(ctx))


def _flags_without_a_type(parameters: Any) -> Any:
    for parameter in parameters:
        if getattr(parameter, "is_flag", False):
            parameter.metavar = ""
    return parameters


def _common_last(args: list[str]) -> list[str]:
    """A command line whose options for all commands stand behind the command."""
    moved: list[str] = []
    rest = list(args)
    while rest and rest[0].partition("=")[0] in _COMMON:
        count = 1 if "=" in rest[0] else 2
        if len(rest) <= count:
            return args
        moved, rest = [*moved, *rest[:count]], rest[count:]
    return [*rest[:1], *moved, *rest[1:]] if moved else args


def application(name: str, text: str, **options: Any) -> typer.Typer:
    """A group of commands that helps in this way."""
    return typer.Typer(
        name=name, help=text, cls=Commands, context_settings=CONTEXT, no_args_is_help=True, **options
    )
