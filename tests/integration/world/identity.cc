#include "integration/world/identity.h"

#include "covey/crypto/pem.h"
#include "integration/world/process.h"

namespace covey::testing {

channel::TlsIdentity tls_identity(const std::filesystem::path& pki, const std::string& name) {
  return {.authorities_pem = read_text(pki / "authority.pem"),
          .certificate_pem = read_text(pki / (name + ".pem")),
          .private_key_pem = SecretBytes(view_of(read_text(pki / (name + ".key"))))};
}

client::GrpcTransportOptions transport_options(const std::string& address,
                                               const channel::TlsIdentity& identity) {
  client::GrpcTransportOptions options;
  options.target = address;
  options.tls = {identity.authorities_pem, identity.certificate_pem,
                 SecretBytes(identity.private_key_pem.reveal())};
  options.coordinator_name = "coordinator";
  return options;
}

client::AgentOptions agent_options(const std::filesystem::path& pki, const std::string& name) {
  const channel::TlsIdentity identity = tls_identity(pki, name);
  client::AgentOptions options;
  options.policy.privacy.minimum_devices = 3;
  options.policy.privacy.minimum_survivors = 2;
  options.policy.privacy.corrupt_fraction = 0;
  options.policy.privacy.coordinator_may_lie = false;
  options.signing_key =
      crypto::private_key_from_pem(text_of(identity.private_key_pem.reveal())).value();
  options.certificate_chain = crypto::certificates_from_pem(identity.certificate_pem).value();
  options.trusted_roots = crypto::split_certificates_from_pem(identity.authorities_pem).value();
  options.back_off.first = federation::Milliseconds(20);
  options.back_off.most = federation::Milliseconds(200);
  return options;
}

ring::Manifest flat_manifest(std::uint64_t parameters) {
  return ring::Manifest::create({{"weight", ring::DType::kF32, {parameters}, ring::Role::kTrain}})
      .value();
}

}  // namespace covey::testing
