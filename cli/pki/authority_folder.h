#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "cli/pki/issued_index.h"
#include "cli/pki/safe_file.h"
#include "covey/crypto/certificate.h"

namespace covey::cli {

// Gives the authority's passphrase, when it is needed.
using PassphraseSource = std::function<Result<SecretBytes>()>;

// The folder of a federation's authority, held by one process at a time:
//   authority.key  private key, PKCS#8, encrypted under a passphrase (not for development)
//   authority.pem  root certificate: what every device and the coordinator trust
//   issued.json    what has been issued (issued_index.h)
//   revoked.crl    the last revocation list, PEM: what the coordinator reads
// Not thread-safe.
class AuthorityFolder {
 public:
  // In a new or empty folder. `passphrase`: none leaves the key in clear, for development.
  static Result<AuthorityFolder> create(const std::filesystem::path& folder,
                                        const std::string& name,
                                        const std::optional<SecretBytes>& passphrase);
  static Result<AuthorityFolder> open(const std::filesystem::path& folder,
                                      const PassphraseSource& passphrase);

  const crypto::CertificateAuthority& authority() const { return authority_; }
  const IssuedIndex& index() const { return index_; }

  struct NewCertificate {
    std::uint64_t serial = 0;
    std::string chain_pem;
  };
  // kAlreadyExists when `name` holds a certificate. The chain is in `chain_file` and the serial in
  // the index, or neither.
  Result<NewCertificate> issue(const std::string& name, const crypto::SigningPublicKey& key,
                               Role role, const std::filesystem::path& chain_file);
  // The last certificate of `name`; kNotFound when there never was one. When it is revoked already,
  // the list is written again.
  Result<IssuedCertificate> revoke(const std::string& name);

 private:
  AuthorityFolder(std::filesystem::path folder, FolderLock lock,
                  crypto::CertificateAuthority authority, IssuedIndex index)
      : folder_(std::move(folder)),
        lock_(std::move(lock)),
        authority_(std::move(authority)),
        index_(std::move(index)) {}

  Status save(const IssuedIndex& index);
  Status write_revocations(IssuedIndex index);

  std::filesystem::path folder_;
  FolderLock lock_;
  crypto::CertificateAuthority authority_;
  IssuedIndex index_;
};

// What is in issued.json, for which no passphrase is needed.
Result<IssuedIndex> read_index(const std::filesystem::path& folder);

}  // namespace covey::cli
