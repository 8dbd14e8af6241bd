#include <algorithm>
#include <string>

#include "cli/pki/commands.h"
#include "covey/crypto/pem.h"
#include "covey/crypto/random.h"

namespace covey::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kAuthorityName = "Covey development authority";

Status make_holder(AuthorityFolder& authority, const fs::path& stem, const std::string& name,
                   Role role) {
  crypto::SystemRandom random;
  const auto key = crypto::SigningKeyPair::from_seed(random.secret_key());
  COVEY_ASSIGN_OR_RETURN(const SecretBytes pem, crypto::private_key_to_pem(key));
  COVEY_RETURN_IF_ERROR(write_file(stem.string() + ".key", pem.reveal(), kPrivateFile));
  COVEY_ASSIGN_OR_RETURN(const auto issued,
                         authority.issue(name, key.public_key(), role, stem.string() + ".pem"));
  return {};
}

// device-01, or device-0001 when there are thousands: so that they sort.
std::string device_name(std::size_t number, std::size_t count) {
  const std::size_t width = std::max<std::size_t>(2, std::to_string(count).size());
  const std::string digits = std::to_string(number);
  return "device-" + std::string(width - digits.size(), '0') + digits;
}

}  // namespace

Result<std::vector<std::string>> make_development_federation(const fs::path& folder,
                                                             const DevelopmentFederation& wanted) {
  if (wanted.device_count == 0 || wanted.device_count > kMaxDevelopmentDevices) {
    return invalid_argument("expected 1 to " + std::to_string(kMaxDevelopmentDevices) +
                            " devices, found " + std::to_string(wanted.device_count));
  }
  COVEY_ASSIGN_OR_RETURN(auto authority,
                         AuthorityFolder::create(folder, kAuthorityName, std::nullopt));
  COVEY_RETURN_IF_ERROR(
      make_holder(authority, folder / "coordinator", wanted.coordinator_name, Role::kCoordinator));
  std::vector<std::string> names = {wanted.coordinator_name};
  for (std::size_t number = 1; number <= wanted.device_count; ++number) {
    const std::string name = device_name(number, wanted.device_count);
    COVEY_RETURN_IF_ERROR(make_holder(authority, folder / name, name, Role::kDevice));
    names.push_back(name);
  }
  return names;
}

}  // namespace covey::cli
