#pragma once

#include "covey/client/file_storage.h"
#include "integration/world/federation.h"

namespace covey::testing {

// What this device has on its disk at this moment, in a copy: the device has its own folder to
// itself, and goes on. The next copy of the same device takes its place.
client::FileStorage copy_of_state(const Federation& federation, int device);

}  // namespace covey::testing
