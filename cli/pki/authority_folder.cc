#include "cli/pki/authority_folder.h"

#include <algorithm>

#include "covey/crypto/pem.h"
#include "covey/crypto/random.h"

namespace covey::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kKeyFile = "authority.key";
constexpr const char* kCertificateFile = "authority.pem";
constexpr const char* kIndexFile = "issued.json";
constexpr const char* kRevocationsFile = "revoked.crl";
constexpr const char* kDevelopmentLabel =
    "For development only: this authority's private key is not encrypted.\n";

// The authority's own certificate has serial 1.
constexpr std::uint64_t kFirstSerial = 2;

Result<SecretBytes> key_text(const crypto::SigningKeyPair& key,
                             const std::optional<SecretBytes>& passphrase) {
  if (passphrase) {
    crypto::SystemRandom random;
    COVEY_ASSIGN_OR_RETURN(const std::string pem,
                           crypto::encrypted_private_key_to_pem(key, passphrase->reveal(), random));
    return SecretBytes(view_of(pem));
  }
  COVEY_ASSIGN_OR_RETURN(const SecretBytes pem, crypto::private_key_to_pem(key));
  const std::string_view label = kDevelopmentLabel;
  SecretBytes labelled(label.size() + pem.size());
  const auto end = std::copy(label.begin(), label.end(), labelled.reveal_mutable().begin());
  std::copy(pem.reveal().begin(), pem.reveal().end(), end);
  return labelled;
}

Result<crypto::SigningKeyPair> read_key(const fs::path& folder,
                                        const PassphraseSource& passphrase) {
  COVEY_ASSIGN_OR_RETURN(const SecretBytes pem, read_secret_file(folder / kKeyFile));
  const std::string_view text = text_of(pem.reveal());
  if (!crypto::is_encrypted_private_key(text)) return crypto::private_key_from_pem(text);
  COVEY_ASSIGN_OR_RETURN(const SecretBytes given, passphrase());
  return crypto::encrypted_private_key_from_pem(text, given.reveal());
}

}  // namespace

Result<AuthorityFolder> AuthorityFolder::create(const fs::path& folder, const std::string& name,
                                                const std::optional<SecretBytes>& passphrase) {
  crypto::SystemRandom random;
  auto key = crypto::SigningKeyPair::from_seed(random.secret_key());
  COVEY_ASSIGN_OR_RETURN(const SecretBytes key_pem, key_text(key, passphrase));
  COVEY_ASSIGN_OR_RETURN(auto authority,
                         crypto::CertificateAuthority::create(name, std::move(key)));
  COVEY_ASSIGN_OR_RETURN(const std::string certificate_pem,
                         crypto::certificates_to_pem(authority.certificate()));
  COVEY_RETURN_IF_ERROR(make_empty_folder(folder));
  COVEY_ASSIGN_OR_RETURN(FolderLock lock, FolderLock::acquire(folder));
  COVEY_RETURN_IF_ERROR(write_new_file(folder / kKeyFile, key_pem.reveal(), kPrivateFile));
  COVEY_RETURN_IF_ERROR(
      write_new_file(folder / kCertificateFile, view_of(certificate_pem), kPublicFile));
  AuthorityFolder made(folder, std::move(lock), std::move(authority), {kFirstSerial, 0, {}});
  COVEY_RETURN_IF_ERROR(made.write_revocations(made.index_));
  return made;
}

Result<AuthorityFolder> AuthorityFolder::open(const fs::path& folder,
                                              const PassphraseSource& passphrase) {
  COVEY_ASSIGN_OR_RETURN(FolderLock lock, FolderLock::acquire(folder));
  COVEY_ASSIGN_OR_RETURN(IssuedIndex index, read_index(folder));
  COVEY_ASSIGN_OR_RETURN(const std::string pem, read_text_file(folder / kCertificateFile));
  COVEY_ASSIGN_OR_RETURN(const Bytes certificate, crypto::certificates_from_pem(pem));
  COVEY_ASSIGN_OR_RETURN(auto key, read_key(folder, passphrase));
  COVEY_ASSIGN_OR_RETURN(auto authority,
                         crypto::CertificateAuthority::restore(certificate, std::move(key)));
  return AuthorityFolder(folder, std::move(lock), std::move(authority), std::move(index));
}

Result<AuthorityFolder::NewCertificate> AuthorityFolder::issue(const std::string& name,
                                                               const crypto::SigningPublicKey& key,
                                                               Role role,
                                                               const fs::path& chain_file) {
  if (const IssuedCertificate* held = index_.current(name)) {
    return Error{ErrorCode::kAlreadyExists,
                 "'" + name + "' holds certificate " + std::to_string(held->serial) +
                     " already: revoke that first, or ask for another name"};
  }
  const std::uint64_t serial = index_.next_serial;
  COVEY_ASSIGN_OR_RETURN(const Bytes certificate,
                         role == Role::kDevice ? authority_.issue_device(name, key, serial)
                                               : authority_.issue_coordinator(name, key, serial));
  COVEY_ASSIGN_OR_RETURN(std::string chain,
                         crypto::certificates_to_pem(authority_.chain_for(certificate)));
  COVEY_ASSIGN_OR_RETURN(SafeFile file, SafeFile::stage(chain_file, view_of(chain), kPublicFile));
  IssuedIndex index = index_;
  index.next_serial = serial + 1;
  index.issued.push_back({name, role, serial, false});
  COVEY_RETURN_IF_ERROR(save(index));
  COVEY_RETURN_IF_ERROR(file.commit());
  return NewCertificate{serial, std::move(chain)};
}

Result<IssuedCertificate> AuthorityFolder::revoke(const std::string& name) {
  IssuedIndex index = index_;
  IssuedCertificate* last = nullptr;  // the only one that may not be revoked yet
  for (IssuedCertificate& certificate : index.issued) {
    if (certificate.name == name) last = &certificate;
  }
  if (last == nullptr) {
    return Error{ErrorCode::kNotFound,
                 "no certificate was issued for this name: `covey pki list` shows the names"};
  }
  last->is_revoked = true;
  IssuedCertificate revoked = *last;
  COVEY_RETURN_IF_ERROR(write_revocations(std::move(index)));
  return revoked;
}

Status AuthorityFolder::save(const IssuedIndex& index) {
  COVEY_RETURN_IF_ERROR(write_file(folder_ / kIndexFile, view_of(to_json(index)), kPrivateFile));
  index_ = index;
  return {};
}

// The index first: a list that a crash has kept from being written is written by the next call,
// under a number that was never used.
Status AuthorityFolder::write_revocations(IssuedIndex index) {
  ++index.revocations_number;
  COVEY_ASSIGN_OR_RETURN(const Bytes list, authority_.issue_revocations(index.revoked_serials(),
                                                                        index.revocations_number));
  COVEY_ASSIGN_OR_RETURN(const std::string pem, crypto::revocations_to_pem(list));
  COVEY_ASSIGN_OR_RETURN(SafeFile file,
                         SafeFile::stage(folder_ / kRevocationsFile, view_of(pem), kPublicFile));
  COVEY_RETURN_IF_ERROR(save(index));
  return file.commit();
}

Result<IssuedIndex> read_index(const fs::path& folder) {
  COVEY_ASSIGN_OR_RETURN(const std::string text, read_text_file(folder / kIndexFile));
  return index_from_json(text);
}

}  // namespace covey::cli
