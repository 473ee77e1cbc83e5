"""`mingjing ecg simulate`: a recorder that streams real records in real time, for trying out and teaching."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path


def main(arguments: list[str]) -> int:
    """Play until interrupted (TCP), or once through (serial, folder); 2 when a file cannot be read."""
    parser = argparse.ArgumentParser(prog="mingjing ecg simulate", description=__doc__)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="records of any format")
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--tcp", type=int, metavar="PORT", help="listen as a cart in the network (0: any free port)")
    where.add_argument("--serial", metavar="PORT", help="play on a serial port, e.g. COM3 or /dev/ttyUSB0")
    where.add_argument("--folder", type=Path, metavar="DIR", help="write files as a vendor's program does")
    parser.add_argument("--host", default="127.0.0.1", help="address for --tcp (default: this machine only)")
    parser.add_argument("--baud", type=int, default=115200, help="for --serial")
    parser.add_argument("--speed", type=float, default=1.0, help="1: as in life; 0: at once")
    parser.add_argument("--now", action="store_true", help="with --serial: play without waiting for a task")
    options = parser.parse_args(arguments)

    from clients.ecg.acquisition import simulator
    from shared.waveform import formats

    try:
        records = [formats.read(path) for path in options.files]
    except (formats.EcgFormatError, OSError, ValueError) as error:
        print(f"mingjing ecg simulate: {error}", file=sys.stderr)
        return 2
    cart = simulator.SimulatedCart(records, speed=options.speed, say=lambda text: print(text, flush=True))
    try:
        if options.folder is not None:
            longest = max(record.seconds for record in records) / options.speed if options.speed > 0 else 0.0
            for made in simulator.play_folder(options.files, options.folder, seconds=longest, sleep=time.sleep):
                print(made, flush=True)
        elif options.serial:
            simulator.play_serial(cart, options.serial, options.baud, at_once=options.now, most=len(records))
        else:
            simulator.serve_tcp(
                cart, options.tcp, host=options.host, ready=lambda port: print(f"ready {port}", flush=True)
            )
    except KeyboardInterrupt:
        return 0
    except OSError as error:
        print(f"mingjing ecg simulate: {error}", file=sys.stderr)
        return 2
    return 0
