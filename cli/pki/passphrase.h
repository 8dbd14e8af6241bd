#pragma once

#include <optional>
#include <string>

#include "covey/base/result.h"
#include "covey/base/secret.h"

namespace covey::cli {

// The authority's passphrase: the first line of `file` if there is one, else the environment
// variable COVEY_PASSPHRASE, else what is typed at the terminal, unseen (twice when `confirm`).
// kFailedPrecondition when there is no terminal either.
Result<SecretBytes> obtain_passphrase(const std::optional<std::string>& file, bool confirm);

}  // namespace covey::cli
