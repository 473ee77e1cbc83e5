"""What drawn shapes measure: lengths, angles, areas, statistics of regions, volumes. Pure mathematics.

Points are tuples of numbers of two or three coordinates in one unit for all of them (millimetres of the patient, or
pixels where nothing is calibrated). Whoever has image positions first makes millimetres of them (:func:`in_mm`), so
that pixels that are not square give true lengths and angles. Knows no file, no image and no screen.
"""

from shared.imaging.shapes.growing import connected_region, grown_region, region_outline
from shared.imaging.shapes.lines import (
    ShapeError,
    angle_at,
    angle_between,
    cobb_angle,
    in_mm,
    length,
    polyline_length,
)
from shared.imaging.shapes.outlines import Ellipse, Outline, Polygon, box_of, covered, rectangle
from shared.imaging.shapes.solids import Contour, box_volume, contours_volume, sphere_volume
from shared.imaging.shapes.statistics import RegionStatistics, statistics_of, statistics_under

__all__ = [
    "Contour",
    "Ellipse",
    "Outline",
    "Polygon",
    "RegionStatistics",
    "ShapeError",
    "angle_at",
    "angle_between",
    "box_of",
    "box_volume",
    "cobb_angle",
    "connected_region",
    "contours_volume",
    "covered",
    "grown_region",
    "in_mm",
    "length",
    "polyline_length",
    "rectangle",
    "region_outline",
    "sphere_volume",
    "statistics_of",
    "statistics_under",
]
