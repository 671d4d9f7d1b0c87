package dev.weft.compute;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.jna.Function;
import com.sun.jna.Platform;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class CudaDeviceTest {

  @AfterEach
  void showAllDevicesAgain() {
    Function.getFunction(Platform.C_LIBRARY_NAME, "unsetenv")
        .invokeInt(new Object[] {CudaDevice.VISIBLE});
  }

  @Test
  void aPinnedDeviceIsTheOnlyOneTheProcessSees() {
    assertThat(CudaDevice.visible()).isEmpty();

    CudaDevice.pin("3");
    CudaDevice.pin("3");

    assertThat(CudaDevice.visible()).contains("3");
    assertThatThrownBy(() -> CudaDevice.pin("4"))
        .hasMessage(
            "Cannot use GPU 4, which Spark gave this process: CUDA_VISIBLE_DEVICES=3 in its"
                + " environment hides it. Unset the variable for the worker, or let the discovery"
                + " script report only these devices.");
  }

  @Test
  void machineCodeRunsOnItsOwnMajorFromItsMinorOn() {
    assertThat(List.of(35, 53, 62, 72, 75, 80, 86, 87, 89, 90, 100, 120))
        .filteredOn(capability -> CudaDevice.runsOn(capability / 10, capability % 10))
        .containsExactly(53, 62, 72, 75, 80, 86, 87, 89);
  }

  @Test
  void aHopperIsRefusedWithItsName() {
    assertThat(CudaDevice.unsupported(machine("NVIDIA A100-SXM4-80GB", 8, 0))).isEmpty();
    assertThat(CudaDevice.unsupported(machine("NVIDIA H100 80GB HBM3", 9, 0)))
        .contains(
            "NVIDIA H100 80GB HBM3 has compute capability 9.0, and ND4J's CUDA library has code for"
                + " 3.7 and 5.0 to 8.9 only");
    assertThat(CudaDevice.unsupported(new Properties())).isEmpty();
  }

  private static Properties machine(String name, int major, int minor) {
    Properties properties = new Properties();
    properties.put(
        "cuda.devicesInformation",
        List.of(
            Map.of("cuda.deviceName", name, "cuda.deviceMajor", major, "cuda.deviceMinor", minor)));
    return properties;
  }
}
