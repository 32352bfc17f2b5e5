"""LibreOffice as a converter: one program per document, with a profile of its own that allows nothing.

``soffice.bin`` is started without the scripts around it, which look for Java and start it anew when it asks for that,
as it does once it has made its profile. It inherits the confinement and the limits of the child that starts it: no
network, and as much memory as a child may have, which each process counts for itself.
"""

import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from xml.sax.saxutils import quoteattr

_SECONDS = 120
"""Time for one conversion: less than heavy documents have, so that a fallback has its turn."""

_RESTART_WANTED = 81
"""Exit status of ``soffice.bin`` after it has made its profile (``EXITHELPER_NORMAL_RESTART``)."""

_STARTS = 2
_HERE = Path("/proc/self/cwd")
"""The document's folder for LibreOffice: the program wants absolute paths, but hangs when one of the folders above
is closed to the child's user."""

_OFFICE = "office"
_PROFILE = "profile"
_ABSENT = "absent"
_VERSION = re.compile(r'"ooSetupVersionAboutBox">\s*<value>([\d.]+)</value>')

_SETTINGS: Mapping[tuple[str, str], str] = {
    ("Office.Common/Security/Scripting", "MacroSecurityLevel"): "3",
    ("Office.Common/Security/Scripting", "DisableMacrosExecution"): "true",
    ("Office.Common/Security/Scripting", "BlockUntrustedRefererLinks"): "true",
    ("Office.Common/Misc", "UseLocking"): "false",
    ("Office.Java/VirtualMachine", "Enable"): "false",
    ("Office.Recovery/AutoSave", "Enabled"): "false",
    ("Office.Recovery/RecoveryInfo", "Enabled"): "false",
    ("Office.Writer/Content/Update", "Link"): "0",
    ("Office.Calc/Content/Update", "Link"): "0",
}
"""What the profile decides: no macros, no linked content, no Java, no recovery, no lock files."""


class ConversionFailed(Exception):
    """LibreOffice is absent, gave nothing, or took too long; no program is left."""


def convert(source: Path, target: str, *, input_filter: str) -> Path:
    """Convert a document and give the new file, which lies beside it; raises ``ConversionFailed``.

    ``target`` is an ending with an optional filter and its options (``odp``, ``pdf:writer_pdf_Export``). The input
    filter is named, because LibreOffice would otherwise try all of its hundred on content that nobody has checked.
    """
    folder = source.parent / _OFFICE
    _write_profile(folder / _PROFILE)
    command = [
        str(_program()),
        f"-env:UserInstallation={(_HERE / _OFFICE / _PROFILE).as_uri()}",
        *("--headless", "--norestore", "--nolockcheck", "--nologo", "--nodefault"),
        f"--infilter={input_filter}",
        *("--convert-to", target, "--outdir", str(_HERE / _OFFICE)),
        str(_HERE / source.name),
    ]
    _run(command, source.parent)
    converted = folder / source.with_suffix(f".{target.partition(':')[0]}").name
    if not converted.exists():
        raise ConversionFailed
    return converted


def version() -> str:
    """Give the version of the installed LibreOffice without starting it."""
    try:
        registry = _program().parent.parent / "share/registry/main.xcd"
        found = _VERSION.search(registry.read_text())
    except (ConversionFailed, OSError):
        return _ABSENT
    return found[1] if found else _ABSENT


def _program() -> Path:
    script = shutil.which("soffice")
    if script is None:
        raise ConversionFailed
    return Path(script).resolve().with_name("soffice.bin")


def _write_profile(folder: Path) -> None:
    """Make a profile that holds our settings; LibreOffice adds the rest."""
    user = folder / "user"
    user.mkdir(parents=True, exist_ok=True)
    items = "".join(
        f"<item oor:path={quoteattr(f'/org.openoffice.{path}')}>"
        f'<prop oor:name={quoteattr(name)} oor:op="fuse"><value>{value}</value></prop></item>'
        for (path, name), value in _SETTINGS.items()
    )
    (user / "registrymodifications.xcu").write_text(
        f'<oor:items xmlns:oor="http://openoffice.org/2001/registry">{items}</oor:items>'
    )


def _run(command: list[str], folder: Path) -> None:
    """Run to the end; a second start is what the first one may ask for."""
    office = str(_HERE / _OFFICE)
    environment = {"HOME": office, "TMPDIR": office, "SAL_USE_VCLPLUGIN": "svp", "LC_ALL": "C.UTF-8"}
    for _ in range(_STARTS):
        try:
            ended = subprocess.run(  # noqa: S603 - our own command line; the document is one argument of it
                command,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ConversionFailed from error
        if ended.returncode != _RESTART_WANTED:
            return
