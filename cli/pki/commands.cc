#include "cli/pki/commands.h"

#include <system_error>

#include "covey/crypto/certificate_request.h"
#include "covey/crypto/pem.h"
#include "covey/crypto/random.h"

namespace covey::cli {
namespace {

namespace fs = std::filesystem;

Status check_file_name(const std::string& name) {
  if (name.starts_with('.') || name.find('/') != name.npos) {
    return invalid_argument(
        "expected a name that can be a file's, without '/' and with no '.' at its beginning, found "
        "another");
  }
  return {};
}

Status make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (!error) return {};
  return Error{ErrorCode::kUnavailable,
               "cannot make the folder " + folder.string() + ": " + error.message()};
}

}  // namespace

Status init_authority(const fs::path& folder, const std::string& name, SecretBytes passphrase) {
  COVEY_ASSIGN_OR_RETURN(const AuthorityFolder made,
                         AuthorityFolder::create(folder, name, std::move(passphrase)));
  return {};
}

Result<KeyAndRequest> make_key_and_request(const fs::path& folder, const std::string& name) {
  COVEY_RETURN_IF_ERROR(check_file_name(name));
  crypto::SystemRandom random;
  const auto key = crypto::SigningKeyPair::from_seed(random.secret_key());
  COVEY_ASSIGN_OR_RETURN(const std::string request, crypto::make_request(name, key));
  COVEY_ASSIGN_OR_RETURN(const SecretBytes key_pem, crypto::private_key_to_pem(key));
  COVEY_RETURN_IF_ERROR(make_folder(folder));
  KeyAndRequest made{folder / (name + ".key"), folder / (name + ".csr")};
  COVEY_RETURN_IF_ERROR(write_new_file(made.key_file, key_pem.reveal(), kPrivateFile));
  COVEY_RETURN_IF_ERROR(write_file(made.request_file, view_of(request), kPublicFile));
  return made;
}

Result<IssuedCertificate> issue_certificate(const IssueOptions& options,
                                            const PassphraseSource& passphrase) {
  COVEY_ASSIGN_OR_RETURN(const std::string pem, read_text_file(options.request_file));
  COVEY_ASSIGN_OR_RETURN(const auto request, crypto::read_request(pem));
  COVEY_ASSIGN_OR_RETURN(auto folder, AuthorityFolder::open(options.folder, passphrase));
  COVEY_ASSIGN_OR_RETURN(const auto issued,
                         folder.issue(request.name, request.key, options.role, options.chain_file));
  return IssuedCertificate{request.name, options.role, issued.serial, false};
}

Result<IssuedCertificate> revoke_certificate(const fs::path& folder, const std::string& name,
                                             const PassphraseSource& passphrase) {
  COVEY_ASSIGN_OR_RETURN(auto authority, AuthorityFolder::open(folder, passphrase));
  return authority.revoke(name);
}

}  // namespace covey::cli
