"""`segue serve`."""

import os
from pathlib import Path
from typing import Annotated, Literal

import typer

from segue.cli.options import DEFAULT_LIBRARY, LibraryOption
from segue.cli.output import say


def serve(
    host: Annotated[
        str,
        typer.Option(
            help="Address to listen on; other machines can only connect if the"
            " library has accounts."
        ),
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65_535, help="Port; 0 selects a free one.")
    ] = 8765,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Number of worker processes.")] = 1,
    name: Annotated[
        list[str] | None,
        typer.Option(help="Additional host name that the server accepts. May be repeated."),
    ] = None,
    open_to_all: Annotated[
        bool,
        typer.Option(
            "--open-to-all", help="Allow other machines although the library has no accounts."
        ),
    ] = False,
    audio_dir: Annotated[
        list[Path] | None,
        typer.Option(
            help="Directory whose audio may also be played; without it, only scanned folders, and"
            " links that stay in them. May be repeated."
        ),
    ] = None,
    music_root: Annotated[
        list[Path] | None,
        typer.Option(
            help="Directory in which administrators may browse for music on the page; by default"
            " the home directory and usual places such as /music and /media. May be repeated."
        ),
    ] = None,
    schedule: Annotated[
        bool,
        typer.Option(
            "--schedule/--no-schedule",
            help="Scan, train and back up by the schedules of the library; without them, only on"
            " request.",
        ),
    ] = True,
    auto_train: Annotated[
        bool,
        typer.Option(
            "--auto-train/--no-auto-train",
            help="Train models by their schedule: when a scan, an import or playing has brought"
            " enough to learn from.",
        ),
    ] = True,
    behind_proxy: Annotated[
        bool,
        typer.Option("--behind-proxy", help="A proxy on this machine forwards requests."),
    ] = False,
    trusted_proxy: Annotated[
        list[str] | None,
        typer.Option(
            help="Address or network of a proxy on another machine or in another container, such as"
            " 172.18.0.0/16; implies --behind-proxy. May be repeated."
        ),
    ] = None,
    root_path: Annotated[
        str, typer.Option(help="Path below which the proxy offers segue, such as /segue.")
    ] = "",
    https: Annotated[
        bool,
        typer.Option(
            "--https", help="Browsers connect to the proxy over HTTPS; implies --behind-proxy."
        ),
    ] = False,
    user_header: Annotated[
        str,
        typer.Option(
            help="Header in which a trusted proxy names the user, such as Remote-User; off by"
            " default."
        ),
    ] = "",
    oidc_issuer: Annotated[
        str,
        typer.Option(
            envvar="SEGUE_OIDC_ISSUER",
            help="Address of an OpenID Connect provider to log in with. The client secret is read"
            " from the environment variable SEGUE_OIDC_SECRET.",
        ),
    ] = "",
    oidc_client_id: Annotated[
        str, typer.Option(envvar="SEGUE_OIDC_CLIENT_ID", help="Client id at that provider.")
    ] = "",
    oidc_claim: Annotated[
        str, typer.Option(help="Claim of the provider that is the user name.")
    ] = "preferred_username",
    create_accounts: Annotated[
        bool,
        typer.Option(
            "--create-accounts", help="Add an account for unknown users of the proxy or provider."
        ),
    ] = False,
    access_log: Annotated[
        bool, typer.Option("--access-log/--no-access-log", help="Log every request.")
    ] = True,
    log_format: Annotated[
        Literal["plain", "json"],
        typer.Option(help="Format of the log: lines of text, or one JSON object a line."),
    ] = "plain",
    metrics: Annotated[
        list[str] | None,
        typer.Option(
            help="Address or network that may read /metrics, besides this machine and admins, such"
            " as 10.0.0.0/24. May be repeated."
        ),
    ] = None,
    trace: Annotated[
        bool,
        typer.Option(
            "--trace",
            help="Send traces to an OpenTelemetry collector; also on if the environment variable"
            " OTEL_EXPORTER_OTLP_ENDPOINT names one.",
        ),
    ] = False,
    library: LibraryOption = DEFAULT_LIBRARY,
) -> None:
    """Start the web page and the API."""
    from segue.serve.observability.tracing import is_configured
    from segue.serve.process import serve as run
    from segue.serve.security.proxies import check_networks, check_root_path
    from segue.serve.settings import LOOPBACK, Settings

    run(
        library,
        Settings(
            host=host,
            port=port,
            names=tuple(name or ()),
            behind_proxy=behind_proxy or https or bool(trusted_proxy),
            https=https,
            trusted_proxies=(
                *LOOPBACK,
                *check_networks(tuple(trusted_proxy or ()), "--trusted-proxy"),
            ),
            user_header=user_header,
            oidc_issuer=oidc_issuer,
            oidc_client_id=oidc_client_id,
            oidc_client_secret=os.environ.get("SEGUE_OIDC_SECRET", "") if oidc_issuer else "",
            oidc_claim=oidc_claim,
            create_accounts=create_accounts,
            metrics_from=check_networks(tuple(metrics or ()), "--metrics"),
            log_format=log_format,
            trace=trace or is_configured(),
            root_path=check_root_path(root_path),
            open_to_all=open_to_all,
            music_roots=tuple(str(each.expanduser().absolute()) for each in music_root or ()),
            schedule=schedule,
            auto_train=auto_train,
            audio_dirs=tuple(str(each.expanduser().absolute()) for each in audio_dir or ()),
        ),
        workers=workers,
        access_log=access_log,
        say=lambda text: say(text, "Stop with Ctrl-C."),
    )
