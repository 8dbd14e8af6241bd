#pragma once

#include "covey/base/bytes.h"

namespace covey::crypto {

Digest sha256(ByteView message);  // FIPS 180-4

}  // namespace covey::crypto
