"""WADO-RS and WADO-URI on a real socket: files, metadata, frames, bulk data, and what HTTP adds."""

from __future__ import annotations

import base64
import gzip
import io
import zipfile

import imagecodecs
import numpy as np
import pytest
import requests
from dicomweb_client import DICOMwebClient
from pydicom import dcmread
from pydicom.dataset import Dataset

from tests.server.archive.archive_house import encoded
from tests.web_house import WebHouse

ANY = 'multipart/related; type="application/dicom"; transfer-syntax=*'


@pytest.fixture(scope="module")
def client(house: WebHouse, web: requests.Session) -> DICOMwebClient:
    return DICOMwebClient(house.base, session=web)


def place(house: WebHouse, one: Dataset, level: int = 3) -> str:
    parts = ("studies", one.StudyInstanceUID), ("series", one.SeriesInstanceUID), ("instances", one.SOPInstanceUID)
    return house.base + "".join(f"/{name}/{uid}" for name, uid in parts[:level])


def test_dicomweb_client_reads_everything(client: DICOMwebClient, series: list[Dataset]) -> None:
    first = series[0]
    study, one, uid = first.StudyInstanceUID, first.SeriesInstanceUID, first.SOPInstanceUID
    whole = client.retrieve_series(study, one)
    assert [d.SOPInstanceUID for d in whole] == [d.SOPInstanceUID for d in series]
    assert whole[0].PixelData == first.PixelData
    assert str(whole[0].PatientName) == "Wang^Xiaodong=王^小东"
    assert client.retrieve_instance(study, one, uid).PixelData == first.PixelData
    assert len(client.retrieve_study(study)) == 5
    metadata = client.retrieve_series_metadata(study, one)
    assert [m["00080018"]["Value"][0] for m in metadata] == [d.SOPInstanceUID for d in series]
    assert client.retrieve_bulkdata(metadata[1]["7FE00010"]["BulkDataURI"]) == [series[1].PixelData]
    assert client.retrieve_instance_frames(study, one, uid, [1]) == [first.PixelData]
    assert len(client.retrieve_study_metadata(study)) == 5
    assert client.retrieve_instance_metadata(study, one, uid)["00100020"]["Value"] == ["P1001"]
    assert client.retrieve_instance_rendered(study, one, uid, media_types=("image/png",))[:4] == b"\x89PNG"


def test_metadata_round_trips_through_pydicom(house: WebHouse, web: requests.Session, series: list[Dataset]) -> None:
    (one,) = web.get(place(house, series[0]) + "/metadata").json()
    assert one["00100010"]["Value"] == [{"Alphabetic": "Wang^Xiaodong", "Ideographic": "王^小东"}]
    again = Dataset.from_json(one, bulk_data_uri_handler=lambda _uri: b"")
    for element in series[0]:
        if element.keyword not in ("PixelData", "SpecificCharacterSet"):
            assert again[element.tag].value == element.value, element.keyword


def test_metadata_are_compressed_cached_and_renewed(
    house: WebHouse, web: requests.Session, series: list[Dataset]
) -> None:
    url = place(house, series[0], 2) + "/metadata"
    packed = web.get(url, headers={"Accept-Encoding": "gzip"}, stream=True)
    raw = packed.raw.read(decode_content=False)
    assert packed.headers["content-encoding"] == "gzip"
    plain = web.get(url, headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert gzip.decompress(raw) == plain.content
    assert any(path.is_file() for path in house.folders.web_cache.rglob("*"))
    known = web.get(url, headers={"If-None-Match": plain.headers["etag"]})
    assert (known.status_code, known.content) == (304, b"")
    xml = web.get(url, headers={"Accept": "application/dicom+xml"})
    assert xml.content.count(b"<NativeDicomModel") == 5
    assert xml.headers["etag"] != plain.headers["etag"]


def test_a_correction_is_seen_at_once(house: WebHouse, web: requests.Session) -> None:
    import msgspec
    from sqlalchemy import update

    from server.archive.tables import Study
    from tests.server.archive.archive_house import a_series

    mine = a_series(2, 16)
    for one in mine:
        one.PatientID = "WRONG"
    house.keep(mine)
    url = place(house, mine[0], 1)
    before = web.get(url + "/metadata")
    assert before.json()[0]["00100020"]["Value"] == ["WRONG"]
    correction = msgspec.msgpack.encode({0x00100020: "RIGHT"})
    with house.database.write() as uow:
        uow.session.execute(update(Study).where(Study.uid == mine[0].StudyInstanceUID).values(correction=correction))
    after = web.get(url + "/metadata", headers={"If-None-Match": before.headers["etag"]})
    assert after.status_code == 200
    assert after.json()[0]["00100020"]["Value"] == ["RIGHT"]
    sent = web.get(place(house, mine[0]), headers={"Accept": "application/dicom; transfer-syntax=*"})
    assert dcmread(io.BytesIO(sent.content)).PatientID == "RIGHT"
    series = web.get(url, headers={"Accept": ANY})
    assert series.headers["transfer-encoding"] == "chunked"
    assert series.content.count(b"RIGHT") == 2


def test_a_single_file_and_a_zip(house: WebHouse, web: requests.Session, series: list[Dataset]) -> None:
    answer = web.get(place(house, series[0]), headers={"Accept": "application/dicom"})
    assert answer.headers["content-type"] == "application/dicom; transfer-syntax=1.2.840.10008.1.2.1"
    assert dcmread(io.BytesIO(answer.content)).PixelData == series[0].PixelData
    zipped = web.get(place(house, series[0], 1), headers={"Accept": "application/zip"})
    with zipfile.ZipFile(io.BytesIO(zipped.content)) as archive:
        assert archive.testzip() is None
        assert len(archive.namelist()) == 5
        name = next(name for name in archive.namelist() if series[3].SOPInstanceUID in name)
        assert dcmread(io.BytesIO(archive.read(name))).InstanceNumber == 4


def test_transfer_syntaxes_on_request(house: WebHouse, web: requests.Session, series: list[Dataset]) -> None:
    accept = 'multipart/related; type="application/dicom"; transfer-syntax={}'
    implicit = web.get(place(house, series[0]), headers={"Accept": accept.format("1.2.840.10008.1.2")})
    assert b"transfer-syntax=1.2.840.10008.1.2\r\n" in implicit.content
    body = implicit.content.split(b"\r\n\r\n", 1)[1].rsplit(b"\r\n--", 1)[0]
    again = dcmread(io.BytesIO(body))
    assert again.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2"
    assert again.PixelData == series[0].PixelData
    assert web.get(place(house, series[0]), headers={"Accept": accept.format("1.2.3")}).status_code == 406
    assert web.get(place(house, series[0]), headers={"Accept": accept.format("nonsense")}).status_code == 400


def test_compressed_frames_stored_and_decoded(house: WebHouse, web: requests.Session) -> None:
    from pydicom.uid import RLELossless

    from tests.server.archive.archive_house import a_series

    (one,) = a_series(1, 24)
    pixels = one.PixelData
    one.compress(RLELossless, encoding_plugin="pydicom")
    house.keep_bytes(one.SOPClassUID, one.SOPInstanceUID, RLELossless, encoded(one))
    house.settle()
    frames = place(house, one) + "/frames/1"
    stored = web.get(frames, headers={"Accept": 'multipart/related; type="image/dicom-rle"'})
    assert b"Content-Type: image/dicom-rle; transfer-syntax=1.2.840.10008.1.2.5" in stored.content
    anything = web.get(
        frames, headers={"Accept": 'multipart/related; type="application/octet-stream"; transfer-syntax=*'}
    )
    assert b"transfer-syntax=1.2.840.10008.1.2.5" in anything.content
    plain = web.get(frames, headers={"Accept": "application/octet-stream"})
    assert plain.content == pixels
    default = web.get(frames)
    assert b"transfer-syntax=1.2.840.10008.1.2.1\r\n" in default.content and pixels in default.content
    assert web.get(frames, headers={"Accept": 'multipart/related; type="image/jp2"'}).status_code == 406
    whole = web.get(place(house, one), headers={"Accept": "application/dicom"})
    assert dcmread(io.BytesIO(whole.content)).PixelData == pixels


def test_many_frames_and_single_bits(house: WebHouse, web: requests.Session) -> None:
    from tests.server.archive.archive_house import a_series

    (one,) = a_series(1, 16)
    one.NumberOfFrames = 3
    one.Rows, one.Columns = 3, 5
    one.BitsAllocated = one.BitsStored = 1
    one.HighBit = one.PixelRepresentation = 0
    bits = np.random.default_rng(3).integers(0, 2, 45).astype(np.uint8)
    packed = np.packbits(bits, bitorder="little").tobytes()
    one.PixelData = packed + b"\0" * (len(packed) & 1)
    one["PixelData"].VR = "OB"
    house.keep([one])
    for number in (1, 2, 3):
        got = web.get(f"{place(house, one)}/frames/{number}", headers={"Accept": "application/octet-stream"}).content
        assert (
            np.unpackbits(np.frombuffer(got, np.uint8), bitorder="little")[:15] == bits[15 * number - 15 : 15 * number]
        ).all()
    several = web.get(f"{place(house, one)}/frames/3,1")
    assert several.content.count(b"Content-Type: application/octet-stream") == 2
    assert web.get(f"{place(house, one)}/frames/4").status_code == 404
    assert web.get(f"{place(house, one)}/frames/0").status_code == 400


def test_the_next_alternative_is_given_when_the_first_is_impossible(
    house: WebHouse, web: requests.Session, series: list[Dataset]
) -> None:
    lossy = 'multipart/related; type="application/dicom"; transfer-syntax=1.2.840.10008.1.2.4.50'
    either = web.get(place(house, series[0]), headers={"Accept": f"{lossy}, application/dicom;q=0.5"})
    assert either.status_code == 200
    assert dcmread(io.BytesIO(either.content)).PixelData == series[0].PixelData
    assert web.get(place(house, series[0]), headers={"Accept": lossy}).status_code == 406
    assert web.get(place(house, series[0]), headers={"Accept": "application/dicom;q=0"}).status_code == 406


def test_compressed_pixels_as_bulk_data_are_uncompressed(house: WebHouse, web: requests.Session) -> None:
    """A BulkDataURI of metadata is followed by programs that expect the pixels (PS3.18 8.7.3.3)."""
    from pydicom.uid import RLELossless

    from tests.server.archive.archive_house import a_series

    (one,) = a_series(1, 24)
    pixels = one.PixelData
    one.compress(RLELossless, encoding_plugin="pydicom")
    house.keep_bytes(one.SOPClassUID, one.SOPInstanceUID, RLELossless, encoded(one))
    house.settle()
    url = web.get(place(house, one) + "/metadata").json()[0]["7FE00010"]["BulkDataURI"]
    octets = web.get(url, headers={"Accept": "application/octet-stream"})
    assert octets.headers["content-type"] == "application/octet-stream; transfer-syntax=1.2.840.10008.1.2.1"
    assert octets.content == pixels
    assert web.get(url, headers={"Accept": "application/octet-stream", "Range": "bytes=4-7"}).content == pixels[4:8]
    assert pixels in web.get(url).content
    stored = web.get(url, headers={"Accept": "application/octet-stream; transfer-syntax=*"})
    assert stored.headers["content-type"].endswith(RLELossless)
    assert one.PixelData in stored.content
    impossible = "application/octet-stream; transfer-syntax=1.2.840.10008.1.2.4.50"
    assert web.get(url, headers={"Accept": impossible}).status_code == 406
    assert web.get(url, headers={"Accept": f"{impossible}, */*;q=0.1"}).status_code == 200


def test_bulk_data_of_big_endian_objects_are_little_endian(house: WebHouse, web: requests.Session) -> None:
    """As InlineBinary beside them (PS3.18 F.2.7)."""
    from pydicom import dcmwrite
    from pydicom.uid import ExplicitVRBigEndian

    from tests.server.archive.archive_house import a_series

    (one,) = a_series(1, 24)
    one.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    values = np.arange(24 * 24, dtype=">u2")
    one.PixelData = values.tobytes()
    one.add_new(0x00281201, "OW", np.arange(3000, dtype=">u2").tobytes())
    one.add_new(0x00281202, "OW", np.arange(3, dtype=">u2").tobytes())
    out = io.BytesIO()
    dcmwrite(out, one, implicit_vr=False, little_endian=False)
    web.post(house.base + "/studies", data=out.getvalue(), headers={"Content-Type": "application/dicom"})
    model = web.get(place(house, one) + "/metadata").json()[0]
    octets = {"Accept": "application/octet-stream"}
    assert web.get(model["7FE00010"]["BulkDataURI"], headers=octets).content == values.astype("<u2").tobytes()
    palette = web.get(model["00281201"]["BulkDataURI"], headers=octets).content
    assert palette == np.arange(3000, dtype="<u2").tobytes()
    assert base64.b64decode(model["00281202"]["InlineBinary"]) == np.arange(3, dtype="<u2").tobytes()


def test_bytes_in_big_endian_words_are_put_in_order(house: WebHouse, web: requests.Session) -> None:
    """PS3.5 8.1.1: OW of 8 bits; frames of an odd number of bytes begin inside of a word."""
    from pydicom import dcmwrite
    from pydicom.uid import ExplicitVRBigEndian

    from tests.server.archive.archive_house import a_series

    (one,) = a_series(1, 16)
    one.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    one.Rows, one.Columns, one.NumberOfFrames = 3, 5, 2
    one.BitsAllocated, one.BitsStored, one.HighBit, one.PixelRepresentation = 8, 8, 7, 0
    one.PixelData = np.arange(30, dtype=np.uint8).reshape(15, 2)[:, ::-1].tobytes()
    one["PixelData"].VR = "OW"
    one.WindowCenter, one.WindowWidth, one.RescaleIntercept, one.RescaleSlope = 128, 256, 0, 1
    out = io.BytesIO()
    dcmwrite(out, one, implicit_vr=False, little_endian=False)
    web.post(house.base + "/studies", data=out.getvalue(), headers={"Content-Type": "application/dicom"})
    for number in (1, 2):
        url = f"{place(house, one)}/frames/{number}"
        frame = web.get(url, headers={"Accept": "application/octet-stream"}).content
        assert frame == bytes(range(15 * number - 15, 15 * number))
        picture = imagecodecs.png_decode(web.get(url + "/rendered", headers={"Accept": "image/png"}).content)
        assert picture.ravel().tolist() == list(range(15 * number - 15, 15 * number))


def test_bulk_data_by_range(house: WebHouse, web: requests.Session, series: list[Dataset]) -> None:
    url = place(house, series[0]) + "/bulkdata/7FE00010"
    one = {"Accept": "application/octet-stream"}
    whole = web.get(url, headers=one)
    assert whole.content == series[0].PixelData
    part = web.get(url, headers={**one, "Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, series[0].PixelData[10:20])
    assert part.headers["content-range"] == f"bytes 10-19/{len(series[0].PixelData)}"
    assert web.get(url, headers={**one, "Range": "bytes=-4"}).content == series[0].PixelData[-4:]
    assert web.get(url, headers={**one, "Range": "bytes=999999-"}).status_code == 416
    assert web.get(url, headers={**one, "Range": "bytes=1-2", "If-Range": '"old"'}).status_code == 200
    assert web.get(url[:-8] + "00080018").status_code == 200
    assert web.get(url[:-8] + "00091001").status_code == 404


def test_wado_uri(house: WebHouse, web: requests.Session, series: list[Dataset]) -> None:
    first = series[0]
    names = {
        "requestType": "WADO",
        "studyUID": first.StudyInstanceUID,
        "seriesUID": first.SeriesInstanceUID,
        "objectUID": first.SOPInstanceUID,
    }
    url = f"{house.base}/wado"
    assert web.get(url, params=names).headers["content-type"] == "image/jpeg"
    file = web.get(url, params={**names, "contentType": "application/dicom"})
    assert dcmread(io.BytesIO(file.content)).SOPInstanceUID == first.SOPInstanceUID
    small = web.get(url, params={**names, "contentType": "image/png", "rows": "8", "columns": "8"})
    assert small.content[16:24] == bytes.fromhex("0000000800000008")
    assert web.get(url, params={**names, "frameNumber": "2"}).status_code == 404
    assert web.get(url, params={**names, "region": "0,0,2,2"}).status_code == 400
    assert web.get(url, params={**names, "requestType": "X"}).status_code == 400
    assert web.get(url, params={**names, "anonymize": "yes"}).status_code == 400


@pytest.mark.parametrize("tail", ["", "/metadata", "/rendered", "/thumbnail", "/series/1.2/instances/3.4/frames/1"])
def test_what_is_not_there(house: WebHouse, web: requests.Session, tail: str) -> None:
    assert web.get(f"{house.base}/studies/1.2.3{tail}").status_code == 404


def test_a_missing_file_is_said_in_words(house: WebHouse, web: requests.Session) -> None:
    from sqlalchemy import select

    from server.archive.tables import Instance
    from tests.server.archive.archive_house import a_series

    (one,) = a_series(1, 16)
    house.keep([one])
    with house.database.read() as uow:
        key = uow.session.scalars(select(Instance.object_key).where(Instance.uid == one.SOPInstanceUID)).one()
    house.areas.storage.delete(key)
    for tail in ("", "/metadata", "/frames/1", "/rendered", "/bulkdata/7FE00010"):
        answer = web.get(place(house, one) + tail)
        assert answer.status_code == 503, tail
        assert answer.text.strip().endswith(".")
