// A device for tests that stands in for a GPU: LibTorch's own operators on the host's memory, under a device of its own.
#pragma once

#include <c10/core/Device.h>

namespace ncfm {

// LibTorch's key for devices that it has no kernels for; JavaScript names it 'privateuseone:0'.
constexpr c10::DeviceType standInType = c10::DeviceType::PrivateUse1;

// Counts a call that makes the host wait for a GPU's stream, or would.
void countSynchronizingCall();

}  // namespace ncfm
