"""From a grid and a scene to a picture, with VTK and off screen. One thread makes, uses and closes an engine.

The processor's mapper (`vtkFixedPointVolumeRayCastMapper`) is twenty times as quick as the graphics mapper on a
software driver. It computes gradients and the map of empty space once, for the uncut volume; cuts are written into
the voxels behind its back (no ``Modified``), so that they cost no new gradients and cut faces keep their shading.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from clients.viewer.vr.bed import NoBed, body_of
from clients.viewer.vr.cutting import BodyMask, CutMask, remove
from clients.viewer.vr.grid import Grid
from clients.viewer.vr.scene import Box, Scene, Shape
from clients.viewer.vr.transfer import Blend, Look, rgb_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

BRIGHTER = 1.33
"""The processor's mapper mixes the unlit air beside a surface into it; with this its pictures are as bright as the
graphics mapper's (mean of three looks of a CT angiography: 87, 143, 72 against 89, 158, 73)."""
EYE_MM = 5000.0  # how far the eye stands back; without meaning in a parallel projection


def prepare_graphics() -> None:
    """Choose an off-screen way to OpenGL; before VTK is imported."""
    if sys.platform.startswith("linux"):
        # Without a display VTK would try X first and complain; with one, an X window is of no use off screen.
        os.environ.setdefault("VTK_DEFAULT_OPENGL_WINDOW", "vtkEGLRenderWindow")


class Engine:
    """Pictures of one grid. ``graphics`` uses the graphics processor, else the processor does the work.

    ``grid.voxels`` must be writable when cuts are to be shown. ``original`` holds the same voxels untouched;
    without it a copy is made at the first cut. ``bed_grid`` is where the bed is looked for (default: the grid).
    """

    def __init__(
        self,
        grid: Grid,
        *,
        graphics: bool = False,
        original: NDArray[Any] | None = None,
        bed_grid: Grid | None = None,
    ) -> None:
        prepare_graphics()
        import vtkmodules.vtkRenderingOpenGL2
        import vtkmodules.vtkRenderingVolumeOpenGL2  # noqa: F401 - registers the factories
        from vtkmodules.vtkCommonCore import vtkCommand, vtkObject, vtkUnsignedCharArray
        from vtkmodules.vtkRenderingCore import vtkRenderer, vtkRenderWindow

        vtkObject.GlobalWarningDisplayOff()
        self.grid = grid
        self.bed_problem = ""
        """Why the bed could not be removed, a Chinese source text; empty when it could."""
        self._original = original
        self._bed_grid = bed_grid or grid
        self._body: Grid | None = None
        self._applied = Shape()
        self._look: Look | None = None
        self._box: Box | None = None
        self._primed = False
        self._stop: Callable[[], bool] | None = None
        self._aborted = False
        self._graphics = graphics
        self._window = vtkRenderWindow()
        self._window.SetOffScreenRendering(1)
        self._window.SetMultiSamples(0)
        self._renderer = vtkRenderer()
        self._window.AddRenderer(self._renderer)
        self._window.AddObserver(vtkCommand.AbortCheckEvent, self._check_abort)
        self._pixels = vtkUnsignedCharArray()
        self._make_volume()

    # --- making

    def _make_volume(self) -> None:
        from vtkmodules.util import numpy_support
        from vtkmodules.vtkCommonDataModel import vtkImageData
        from vtkmodules.vtkCommonMath import vtkMatrix4x4
        from vtkmodules.vtkRenderingCore import vtkVolume, vtkVolumeProperty

        grid = self.grid
        self._data = vtkImageData()
        self._data.SetDimensions(*grid.voxels.shape[::-1])
        self._data.SetSpacing(*grid.spacing)
        to_vtk: Any = numpy_support.numpy_to_vtk  # keeps the array alive, copies nothing
        self._data.GetPointData().SetScalars(to_vtk(grid.voxels.reshape(-1)))
        self._mapper = self._make_mapper()
        self._mapper.SetInputData(self._data)
        self._property = vtkVolumeProperty()
        self._property.SetInterpolationTypeToLinear()
        self._property.SetScalarOpacityUnitDistance(1.0)
        place = vtkMatrix4x4()
        for column, axis in enumerate(grid.axes):
            for row in range(3):
                place.SetElement(row, column, axis[row])
        for row in range(3):
            place.SetElement(row, 3, grid.origin[row])
        self._volume = vtkVolume()
        self._volume.SetUserMatrix(place)
        self._volume.SetMapper(self._mapper)
        self._volume.SetProperty(self._property)
        self._renderer.AddVolume(self._volume)

    def _make_mapper(self) -> Any:
        if self._graphics:
            from vtkmodules.vtkRenderingVolumeOpenGL2 import vtkOpenGLGPUVolumeRayCastMapper

            gpu = vtkOpenGLGPUVolumeRayCastMapper()
            gpu.SetAutoAdjustSampleDistances(0)
            gpu.SetUseJittering(1)
            return gpu
        from vtkmodules.vtkRenderingVolume import vtkFixedPointVolumeRayCastMapper

        cpu = vtkFixedPointVolumeRayCastMapper()
        cpu.SetAutoAdjustSampleDistances(0)
        cpu.IntermixIntersectingGeometryOff()
        return cpu

    @property
    def renderer_name(self) -> str:
        """What OpenGL says of itself."""
        self._window.Render()
        for line in self._window.ReportCapabilities().splitlines():
            if "OpenGL renderer string" in line:
                return str(line.partition(":")[2].strip())
        return ""

    def close(self) -> None:
        """Free VTK's objects."""
        self._renderer.RemoveVolume(self._volume)
        self._window.Finalize()

    # --- showing

    def picture(
        self, scene: Scene, width: int, height: int, *, step: float = 1.0, stop: Callable[[], bool] | None = None
    ) -> NDArray[Any] | None:
        """RGB of shape (height, width, 3), uint8; None when ``stop`` said so on the way.

        ``step`` is the distance of samples along a ray in shortest voxel edges; ``stop`` is asked now and then.
        """
        self._show_look(scene.look)
        if not self._primed:
            self._prime()
        self._show_shape(scene.shape)
        self._show_box(scene.shape.box)
        self._mapper.SetSampleDistance(step * min(self.grid.spacing))
        camera, eye = self._renderer.GetActiveCamera(), scene.camera
        camera.ParallelProjectionOn()
        camera.SetFocalPoint(*eye.focal)
        camera.SetPosition(*eye.focal.plus(eye.towards.scaled(-EYE_MM)))
        camera.SetViewUp(*eye.up)
        camera.SetParallelScale(eye.half_height_mm)
        self._renderer.ResetCameraClippingRange()
        return self._render(width, height, stop)

    def _render(self, width: int, height: int, stop: Callable[[], bool] | None) -> NDArray[Any] | None:
        import numpy as np
        from vtkmodules.util import numpy_support

        self._stop, self._aborted = stop, False
        self._window.SetSize(width, height)
        self._window.Render()
        self._stop = None
        if self._aborted:
            return None
        self._window.GetPixelData(0, 0, width - 1, height - 1, 0, self._pixels, 0)
        to_numpy: Any = numpy_support.vtk_to_numpy
        rows = to_numpy(self._pixels).reshape(height, width, 3)
        picture: NDArray[Any] = np.ascontiguousarray(rows[::-1])  # VTK's first row is the lowest
        return picture

    def _check_abort(self, _source: object, _event: str) -> None:
        if self._stop is not None and not self._aborted and self._stop():
            self._aborted = True
        if self._aborted:
            self._window.SetAbortRender(1)

    def _prime(self) -> None:
        """Let the mapper compute gradients and empty space for the uncut volume, in a picture of a few pixels."""
        self._primed = True
        if not self._graphics:
            shaded = self._property.GetShade()
            self._property.SetShade(1)
            self._window.SetSize(16, 16)
            self._renderer.ResetCamera()
            self._window.Render()
            self._property.SetShade(shaded)

    # --- look

    def _show_look(self, look: Look) -> None:
        if look == self._look:
            return
        from vtkmodules.vtkCommonDataModel import vtkPiecewiseFunction
        from vtkmodules.vtkRenderingCore import vtkColorTransferFunction

        before, self._look = self._look, look
        self._renderer.SetBackground(*rgb_of(look.background))
        if (
            before is not None
            and before.points == look.points
            and before.edges == look.edges
            and before.span == look.span
        ):
            self._show_light(look)
            return
        grid = self.grid
        opacity, colour = vtkPiecewiseFunction(), vtkColorTransferFunction()
        last = -1e30
        for point in look.points:
            at = max(grid.stored(point.value), last + 1e-3)  # a step is two points at nearly the same value
            opacity.AddPoint(at, point.opacity)
            colour.AddRGBPoint(at, *rgb_of(point.colour))
            last = at
        low = grid.removed * grid.slope + grid.intercept
        if look.opacity_at(low) > 0:  # what was cut away shows nothing, also where air is to be seen
            opacity.AddPoint(grid.removed, 0.0)
            opacity.AddPoint(grid.removed + 0.5, look.opacity_at(low))
        self._property.SetScalarOpacity(opacity)
        self._property.SetColor(colour)
        self._show_edges(look)
        self._show_light(look)

    def _show_edges(self, look: Look) -> None:
        from vtkmodules.vtkCommonDataModel import vtkPiecewiseFunction

        self._property.SetDisableGradientOpacity(look.edges <= 0)
        if look.edges > 0:
            gradient = vtkPiecewiseFunction()
            gradient.AddPoint(0.0, 1.0 - look.edges)
            gradient.AddPoint(look.span / abs(self.grid.slope), 1.0)
            self._property.SetGradientOpacity(gradient)

    def _show_light(self, look: Look) -> None:
        light = look.lighting
        self._property.SetShade(light.shade and look.blend is Blend.COMPOSITE)
        gain = 1.0 if self._graphics else BRIGHTER
        self._property.SetAmbient(gain * light.ambient)
        self._property.SetDiffuse(gain * light.diffuse)
        self._property.SetSpecular(light.specular)
        self._property.SetSpecularPower(light.power)
        if look.blend is Blend.MAXIMUM:
            self._mapper.SetBlendModeToMaximumIntensity()
        else:
            self._mapper.SetBlendModeToComposite()

    # --- shape

    def _show_box(self, box: Box | None) -> None:
        if box == self._box:
            return
        from vtkmodules.vtkCommonDataModel import vtkPlane, vtkPlaneCollection

        self._box = box
        planes = vtkPlaneCollection()
        for axis in range(3 if box is not None else 0):
            assert box is not None
            for origin, sign in ((box.low, 1.0), (box.high, -1.0)):
                plane = vtkPlane()
                plane.SetOrigin(*origin)
                plane.SetNormal(*(sign if n == axis else 0.0 for n in range(3)))
                planes.AddItem(plane)
        self._mapper.SetClippingPlanes(planes)

    def _show_shape(self, shape: Shape) -> None:
        """Bring cuts and bed into the voxels; what was added only, if nothing was taken back."""
        before = self._applied
        if before.cuts == shape.cuts and before.bed_removed == shape.bed_removed:
            return
        grown = shape.cuts[: len(before.cuts)] == before.cuts and shape.bed_removed >= before.bed_removed
        if self._original is None:
            self._original = self.grid.voxels.copy()
        elif not grown:
            self.grid.voxels[...] = self._original
        new_cuts = shape.cuts[len(before.cuts) :] if grown else shape.cuts
        masks: list[CutMask | BodyMask] = [CutMask(self.grid, cut) for cut in new_cuts]
        if shape.bed_removed and not (grown and before.bed_removed):
            masks += self._body_masks()
        remove(self.grid, masks)
        self._applied = shape
        if self._graphics:
            self._data.GetPointData().GetScalars().Modified()
            self._data.Modified()

    def find_bed(self) -> None:
        """Look for the bed before anybody asks, so that the click is quick; a failure counts when it is asked for."""
        if self._body is None:
            with contextlib.suppress(NoBed):
                self._body = body_of(self._bed_grid)

    def _body_masks(self) -> list[BodyMask]:
        if self._body is None:
            try:
                self._body = body_of(self._bed_grid)
            except NoBed as problem:
                self.bed_problem = str(problem)
                return []
        return [BodyMask(self.grid, self._body)]
