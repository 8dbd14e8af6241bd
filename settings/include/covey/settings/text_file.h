#pragma once

#include <string>

#include "covey/base/result.h"
#include "covey/base/secret.h"

namespace covey::settings {

// A whole file. kNotFound when it cannot be read; `what` names it for the message, and `advice`
// says what to do: "identity.key, device.key, cannot be read; …".
Result<std::string> read_text_file(const std::string& what, const std::string& path,
                                   const std::string& advice);
// The same for keys: no copy of it stays in memory but the result.
Result<SecretBytes> read_secret_file(const std::string& what, const std::string& path,
                                     const std::string& advice);

}  // namespace covey::settings
