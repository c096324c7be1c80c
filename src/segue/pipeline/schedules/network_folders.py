"""Tell folders on network file systems, which do not report the changes of other machines.

The system's table of mounts names the file system of each folder (Linux; proc(5), mountinfo).
"""

import re
from pathlib import Path
from typing import Final

_MOUNTS: Final = Path("/proc/self/mountinfo")
_NETWORK: Final = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "afs", "ceph", "lustre", "beegfs", "9p"}
    | {"glusterfs", "fuse.glusterfs", "fuse.ceph", "fuse.sshfs", "fuse.rclone", "fuse.davfs"}
    | {"davfs", "fuse.s3fs", "fuse.grpcfuse", "fuse.osxfs", "fakeowner", "vboxsf", "vmhgfs"}
    | {"fuse.vmhgfs-fuse", "prl_fs", "virtiofs", "drvfs"}
)
"""Names of network file systems, and of folders that a virtual machine shares with its host."""


def is_on_network(folder: Path, mounts: str | None = None) -> bool:
    r"""Return whether a folder is on a network file system; False where that is not known.

    Parameters
    ----------
    mounts
        Text of the system's table of mounts, by default the present one.

    Examples
    --------
    >>> mounts = "1 0 0:1 / / rw - ext4 /dev/a rw\n2 1 0:2 / /mnt/my\\040nas rw - nfs4 nas:/m rw"
    >>> is_on_network(Path("/mnt/my nas/music"), mounts), is_on_network(Path("/mnt/my"), mounts)
    (True, False)
    """
    if mounts is None:
        try:
            mounts = _MOUNTS.read_text("utf-8", "surrogateescape")
        except OSError:
            return False
    best, kind = Path("/"), ""
    place = folder.resolve()
    for line in mounts.splitlines():
        fields, _, source = line.partition(" - ")
        point = Path(re.sub(r"\\([0-7]{3})", _character, fields.split(" ")[4]))
        # of several mounts at one place the last one counts
        if place.is_relative_to(point) and point.is_relative_to(best):
            best, kind = point, source.split(" ")[0]
    return kind in _NETWORK


def _character(code: re.Match[str]) -> str:
    return chr(int(code[1], 8))
