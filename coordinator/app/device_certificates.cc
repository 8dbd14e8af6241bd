#include "coordinator/app/device_certificates.h"

#include "covey/crypto/pem.h"
#include "covey/settings/text_file.h"

namespace covey::coordinator {

Result<std::unique_ptr<DeviceCertificates>> DeviceCertificates::create(
    const std::string& authority_pem, std::string list_path) {
  COVEY_ASSIGN_OR_RETURN(const auto roots, crypto::split_certificates_from_pem(authority_pem));
  COVEY_ASSIGN_OR_RETURN(auto verifier, crypto::CertificateVerifier::create(roots));
  std::unique_ptr<DeviceCertificates> certificates(
      new DeviceCertificates(std::move(verifier), std::move(list_path)));
  return certificates;
}

Result<crypto::CertifiedIdentity> DeviceCertificates::verify(ByteView certificate_chain) {
  const std::lock_guard lock(mutex_);
  return verifier_.verify(certificate_chain);
}

Result<std::optional<std::string>> DeviceCertificates::reload() {
  if (list_path_.empty()) return std::optional<std::string>();
  const std::lock_guard lock(mutex_);
  std::error_code error;
  const auto changed_at = std::filesystem::last_write_time(list_path_, error);
  if (!error && changed_at == read_at_) return std::optional<std::string>();
  COVEY_ASSIGN_OR_RETURN(const std::string text,
                         settings::read_text_file("the list of revoked certificates", list_path_,
                                                  "`covey pki revoke` writes it"));
  COVEY_ASSIGN_OR_RETURN(const Bytes list, crypto::revocations_from_pem(text));
  COVEY_RETURN_IF_ERROR(verifier_.set_revocations(list));
  read_at_ = changed_at;
  return std::optional(text);
}

void DeviceCertificates::read_again() {
  const std::lock_guard lock(mutex_);
  read_at_ = {};
}

}  // namespace covey::coordinator
