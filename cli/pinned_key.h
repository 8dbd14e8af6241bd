#pragma once

#include <string_view>

#include "covey/base/result.h"
#include "covey/crypto/signature.h"

namespace covey::cli {

// The Ed25519 key of the first certificate in a PEM file that the operator trusts as it is: nothing
// about who issued it is checked. kInvalidArgument when there is none.
Result<crypto::SigningPublicKey> pinned_key(std::string_view pem);

}  // namespace covey::cli
