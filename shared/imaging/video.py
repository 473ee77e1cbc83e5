"""Video objects (MPEG-2, MPEG-4 AVC, HEVC; PS3.5 8.2.5 to 8.2.8): the stream is unpacked once, in a child process.

FFmpeg inside OpenCV reads the streams; a hostile one may crash or hang it, which must not cost the viewer.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from shared.imaging.codecs import VIDEO, DamagedFrame, ImpossibleFormat, PixelFormat

MAX_BYTES = 16 << 30  # of all unpacked frames
LEAST_S, PER_FRAME_S = 30.0, 0.2


def is_video(transfer_syntax: str) -> bool:
    """True for syntaxes whose pixel data is one stream for all frames."""
    return transfer_syntax in VIDEO


class UnpackedVideo:
    """Frames of a video as RGB in a temporary file; :meth:`close` deletes it."""

    def __init__(self, stream: bytes, fmt: PixelFormat, count: int) -> None:
        """Unpacks everything; raises ``UndecodableFrame`` with a sentence. For a worker thread."""
        self.frame_bytes = fmt.rows * fmt.columns * 3
        if self.frame_bytes * count > MAX_BYTES:
            raise ImpossibleFormat("The video is larger than 16 GiB when unpacked; that is beyond the limit.")
        self._folder = tempfile.TemporaryDirectory(prefix="mingjing-video-")
        self._frames = Path(self._folder.name) / "frames"
        source = Path(self._folder.name) / "stream"
        source.write_bytes(stream)
        try:
            subprocess.run(
                [sys.executable, "-m", "shared.imaging.video", str(source), str(self._frames),
                 str(fmt.rows), str(fmt.columns), str(count)],
                check=True, timeout=LEAST_S + PER_FRAME_S * count, capture_output=True,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            self.close()
            raise DamagedFrame("Unpacking the video took too long.") from error
        except (subprocess.CalledProcessError, OSError) as error:
            self.close()
            raise DamagedFrame("The video is damaged or of an unusual kind.") from error
        source.unlink()
        self.count = self._frames.stat().st_size // self.frame_bytes

    def frame(self, index: int) -> bytes:
        """RGB, row by row; raises ``DamagedFrame`` for a frame that the stream does not hold."""
        if not 0 <= index < self.count:
            raise DamagedFrame(f"The video ends after {self.count} frames.")
        with self._frames.open("rb") as file:
            file.seek(index * self.frame_bytes)
            return file.read(self.frame_bytes)

    def close(self) -> None:
        self._folder.cleanup()


def unpack(source: Path, target: Path, rows: int, columns: int, count: int) -> int:
    """Write up to ``count`` frames of ``source`` as RGB; returns how many. Raises ValueError for another size."""
    import cv2

    capture = cv2.VideoCapture(str(source), cv2.CAP_FFMPEG)
    written = 0
    with target.open("wb") as file:
        while written < count:
            good, picture = capture.read()
            if not good:
                break
            if picture.shape[:2] != (rows, columns):
                raise ValueError(f"the stream is {picture.shape[1]} x {picture.shape[0]}, not {columns} x {rows}")
            file.write(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB).tobytes())
            written += 1
    capture.release()
    if written == 0:
        raise ValueError("the stream holds no picture")
    return written


if __name__ == "__main__":
    unpack(Path(sys.argv[1]), Path(sys.argv[2]), *(int(value) for value in sys.argv[3:6]))
