#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "covey/aggregation/secagg/identity.h"

namespace covey::coordinator {

// Whose certificate a device advertises, by the federation's authority and its list of revoked
// ones, which is read again when its file changes. Thread-safe.
class DeviceCertificates final : public secagg::IdentityVerifier {
 public:
  // `authority_pem`: the federation's root. `list_path`: empty for none.
  static Result<std::unique_ptr<DeviceCertificates>> create(const std::string& authority_pem,
                                                            std::string list_path);

  Result<crypto::CertifiedIdentity> verify(ByteView certificate_chain) override;
  // The list, if its file has changed since it was last read. An error leaves things as they were.
  Result<std::optional<std::string>> reload();
  void read_again();  // at the next reload, changed or not

 private:
  DeviceCertificates(crypto::CertificateVerifier verifier, std::string list_path)
      : verifier_(std::move(verifier)), list_path_(std::move(list_path)) {}

  std::mutex mutex_;
  crypto::CertificateVerifier verifier_;
  const std::string list_path_;
  std::filesystem::file_time_type read_at_{};
};

}  // namespace covey::coordinator
