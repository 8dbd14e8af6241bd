#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "cli/pki/authority_folder.h"

namespace covey::cli {

// What `covey pki` does, command by command; run_pki.h reads the command line and prints.

// `init`: a federation's authority in a new or empty folder (authority_folder.h). `passphrase` is
// not empty.
Status init_authority(const std::filesystem::path& folder, const std::string& name,
                      SecretBytes passphrase);

// `request`: on the device or on the coordinator's machine, which its key never leaves.
struct KeyAndRequest {
  std::filesystem::path key_file;      // NAME.key, PKCS#8, for its owner alone
  std::filesystem::path request_file;  // NAME.csr, to be brought to the authority
};
// The folder is made if need be; kAlreadyExists when a file of that name is in it.
Result<KeyAndRequest> make_key_and_request(const std::filesystem::path& folder,
                                           const std::string& name);

// `issue`: what the request asks for, as the chain that its holder shows.
struct IssueOptions {
  std::filesystem::path folder;
  std::filesystem::path request_file;
  std::filesystem::path chain_file;
  Role role = Role::kDevice;
};
Result<IssuedCertificate> issue_certificate(const IssueOptions& options,
                                            const PassphraseSource& passphrase);

// `revoke`: the last certificate of this name.
Result<IssuedCertificate> revoke_certificate(const std::filesystem::path& folder,
                                             const std::string& name,
                                             const PassphraseSource& passphrase);

// `dev`: everything at once for a try on one machine, in a new or empty folder. The authority's key
// is not encrypted: use it for nothing else.
struct DevelopmentFederation {
  std::string coordinator_name = "coordinator";
  std::size_t device_count = 0;
};
constexpr std::size_t kMaxDevelopmentDevices = 10'000;
// coordinator.key, coordinator.pem, device-01.key, device-01.pem, …: the names of all, in order.
Result<std::vector<std::string>> make_development_federation(const std::filesystem::path& folder,
                                                             const DevelopmentFederation& wanted);

}  // namespace covey::cli
