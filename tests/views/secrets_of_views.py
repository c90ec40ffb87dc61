"""What the case of these tests holds that no answer may show unasked."""

import hashlib
import json

from intake_cases import picture

SERIES = "MARSH-HERON"
IMPORTED = "Élan Vert 7"
"""A series that only an exhibit names."""
VICTIM = "Placeholderkin"
REPORT = f"""<report><reportId>4711001</reportId><incidentSummary><incidentType>Test</incidentType>
<incidentDateTime>2026-02-27T10:00:00Z</incidentDateTime></incidentSummary>
<personOrUserReported><espService>Kestrelnet</espService><screenName>otterfan</screenName></personOrUserReported>
<victim><victimPerson><firstName>{VICTIM}</firstName><phone>+31600000077</phone></victimPerson>
<additionalInfo>{VICTIM} keeps a tortoise</additionalInfo></victim>
<fileDetails><reportId>4711001</reportId><fileId>f-1</fileId><originalFileName>Marsh Heron 3.jpg</originalFileName>
<originalFileHash hashType="MD5">{hashlib.md5(picture(5)).hexdigest()}</originalFileHash></fileDetails></report>"""


def imported() -> bytes:
    """A VICS case as an exhibit: its labels are another tool's."""
    data = picture(6)
    entry = {
        "MediaID": 1, "Category": 2, "Series": IMPORTED, "MD5": hashlib.md5(data).hexdigest().upper(),
        "Comments": f"set of {IMPORTED}", "MediaFiles": [{"FileName": "elan_vert-7.jpg", "FilePath": "E:\\set"}],
    }  # fmt: skip
    context = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/UK/$metadata#Media"
    return json.dumps({"@odata.context": context, "value": [entry]}).encode()
