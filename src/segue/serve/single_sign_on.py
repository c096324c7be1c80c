"""Log in with OpenID Connect: ``/oidc/login`` and ``/oidc/callback``.

The authorization code flow of OpenID Connect Core 1.0 with PKCE (RFC 7636), by Authlib and joserfc,
which the extra ``oidc`` installs. State, nonce and verifier of a login are random and kept in a
cookie of the browser that began it, so any worker process can finish it.
"""

import json
import secrets
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, Request, Response

from segue.errors import MissingExtraError, SegueError
from segue.serve import dependencies as deps
from segue.serve.app_state import AppState
from segue.serve.problems import ProblemError
from segue.serve.security import sessions
from segue.serve.security.proxies import client_address, external_path
from segue.serve.settings import Settings

if TYPE_CHECKING:
    from authlib.integrations.requests_client import OAuth2Session

router = APIRouter(prefix="/oidc", include_in_schema=False)

COOKIE: Final = "segue_sign_on"
_LOGIN_SECONDS: Final = 600
_TIMEOUT_SECONDS: Final = 10
_LEEWAY_SECONDS: Final = 60
_SCOPE: Final = "openid profile email"


def check_installed() -> None:
    """Raise `MissingExtraError` if the extra `oidc` is not installed."""
    try:
        import authlib.integrations.requests_client  # noqa: F401
        import joserfc.jwt  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("Log-in with OpenID Connect", "oidc") from error


@router.get("/login")
def begin(request: Request, app_state: deps.WholeState) -> Response:
    """Send the browser to the provider."""
    settings = _settings(app_state)
    client = _client(request, settings)
    verifier, nonce = secrets.token_urlsafe(48), secrets.token_urlsafe(32)
    address, state = client.create_authorization_url(
        _metadata(client, settings)["authorization_endpoint"], nonce=nonce, code_verifier=verifier
    )
    response = _redirect(address)
    response.set_cookie(
        COOKIE,
        urlencode({"state": state, "nonce": nonce, "verifier": verifier}),
        max_age=_LOGIN_SECONDS,
        path=f"{settings.root_path}/oidc",
        httponly=True,
        samesite="lax",  # the provider's page leads back here
        secure=settings.https,
    )
    return response


@router.get("/callback")
def finish(request: Request, app_state: deps.WholeState) -> Response:
    """Log in the account that the provider names, and show the page."""
    settings = _settings(app_state)
    begun = dict(parse_qsl(request.cookies.get(COOKIE, "")))
    if not begun or begun.get("state") != request.query_params.get("state"):
        raise ProblemError(
            "forbidden", "This log-in was not begun in this browser, or took too long: try again."
        )
    if "code" not in request.query_params:
        raise ProblemError("forbidden", "The provider has refused the log-in: try again.")
    claims = _claims(request, settings, begun)
    name = claims.get(settings.oidc_claim)
    if not isinstance(name, str) or not name:
        raise ProblemError(
            "forbidden",
            f"The provider sends no {settings.oidc_claim}: allow the scope profile there, or choose"
            " another claim with --oidc-claim.",
        )
    address = client_address(request)
    token = sessions.open_for(app_state, name, by="OpenID Connect", address=address)
    response = _redirect("/")  # below the prefix: see ProxyMiddleware
    response.delete_cookie(COOKIE, path=f"{settings.root_path}/oidc")
    sessions.set_cookie(response, token, settings)
    return response


def _claims(request: Request, settings: Settings, begun: dict[str, str]) -> dict[str, Any]:
    """Exchange the code of a callback for the validated claims of its ID token."""
    from authlib.common.errors import AuthlibBaseError
    from joserfc import jwt
    from joserfc.errors import JoseError
    from joserfc.jwk import KeySet

    client = _client(request, settings)
    metadata = _metadata(client, settings)
    try:
        token = client.fetch_token(
            metadata["token_endpoint"],
            code=request.query_params["code"],
            code_verifier=begun.get("verifier"),
            timeout=_TIMEOUT_SECONDS,
        )
        published: Any = _document(client, metadata["jwks_uri"])
        keys = KeySet.import_key_set(published)
        claims = jwt.decode(token["id_token"], keys, algorithms=_algorithms(metadata)).claims
        jwt.JWTClaimsRegistry(
            leeway=_LEEWAY_SECONDS,
            iss={"essential": True, "value": metadata["issuer"]},
            aud={"essential": True, "value": settings.oidc_client_id},
            exp={"essential": True},
            nonce={"essential": True, "value": begun.get("nonce", "")},
        ).validate(claims)
    except (AuthlibBaseError, JoseError, KeyError, ValueError, OSError) as error:
        raise ProblemError(
            "forbidden", f"The answer of the provider cannot be used ({error}): try again."
        ) from error
    return dict(claims)


def _algorithms(metadata: dict[str, Any]) -> list[str]:
    """Return the signatures to accept: those of the provider that need its private key."""
    offered = metadata.get("id_token_signing_alg_values_supported", ["RS256"])
    return [name for name in offered if name[:2] in ("RS", "ES", "PS", "Ed")]


def _client(request: Request, settings: Settings) -> "OAuth2Session":
    check_installed()
    from authlib.integrations.requests_client import OAuth2Session

    scheme = "https" if settings.https else request.url.scheme
    path = external_path(request.scope, "/oidc/callback")
    return OAuth2Session(
        settings.oidc_client_id,
        settings.oidc_client_secret,
        scope=_SCOPE,
        redirect_uri=f"{scheme}://{request.headers['host']}{path}",
        code_challenge_method="S256",
    )


def _metadata(client: "OAuth2Session", settings: Settings) -> dict[str, Any]:
    """Return the document in which the provider states its addresses."""
    issuer = settings.oidc_issuer.rstrip("/")
    found = _document(client, f"{issuer}/.well-known/openid-configuration")
    if str(found.get("issuer", "")).rstrip("/") != issuer:
        raise ProblemError(
            "unavailable", f"The provider calls itself {found.get('issuer')}: use that address."
        )
    return found


def _document(client: "OAuth2Session", address: str) -> dict[str, Any]:
    try:
        answer = client.get(address, withhold_token=True, timeout=_TIMEOUT_SECONDS)
        answer.raise_for_status()
        found: dict[str, Any] = json.loads(answer.content)
    except (OSError, ValueError) as error:
        detail = "The server of the log-in cannot be reached: try again later."
        raise ProblemError("unavailable", detail) from error
    return found


def _settings(app_state: AppState) -> Settings:
    if not app_state.settings.oidc_issuer:
        raise ProblemError("not-found", "This server does not log in with OpenID Connect.")
    return app_state.settings


def _redirect(address: str) -> Response:
    return Response(status_code=303, headers={"Location": address, "Cache-Control": "no-store"})


def check_settings(settings: Settings) -> None:
    """Check the settings of log-in by a proxy or a provider, before the server starts.

    Raises
    ------
    SegueError
        If they contradict each other, or a package is missing.
    """
    if settings.user_header and not settings.behind_proxy:
        raise SegueError(
            "--user-header needs a proxy: add --behind-proxy, --https or --trusted-proxy."
        )
    if bool(settings.oidc_issuer) != bool(settings.oidc_client_id):
        raise SegueError("--oidc-issuer and --oidc-client-id belong together: give both.")
    if settings.oidc_issuer:
        if not settings.oidc_issuer.startswith(
            ("https://", "http://localhost", "http://127.0.0.1")
        ):
            raise SegueError(f"--oidc-issuer must begin with https://, not {settings.oidc_issuer}.")
        check_installed()
