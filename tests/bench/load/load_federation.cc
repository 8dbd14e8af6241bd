#include "bench/load/load_federation.h"

#include <thread>

#include "covey/aggregation/model/safetensors.h"
#include "covey/crypto/pem.h"
#include "integration/world/identity.h"

namespace covey::bench {

using testing::read_text;
using testing::write_text;

namespace {

constexpr std::chrono::milliseconds kGlance{10};
constexpr int kGlancesAtStart = 3000;

Error failed(const std::string& what) { return {ErrorCode::kInternal, what}; }

crypto::SigningKeyPair new_key() {
  crypto::SystemRandom random;
  return crypto::SigningKeyPair::from_seed(random.secret_key());
}

// The defaults of a task, but for its size, and without the rotation, which would lengthen the
// vector to a power of two.
std::string task_file(const std::string& task, const char* kind, const RoundShape& shape) {
  const std::string devices = std::to_string(shape.devices);
  return "[task]\nname = \"" + task +
         "\"\nrounds = 1000\nschedule = \"by-hand\"\n[task.select]\ndevices = [\"" + kind +
         "-*\"]\n[model]\nname = \"flat\"\ninitial = \"initial.safetensors\"\n[round]\ntarget = " +
         devices + "\nminimum = " + devices +
         "\nover_selection = 1.0\ngroup_size = " + std::to_string(shape.group_size) +
         "\nstep_idle = \"300s\"\n[aggregation]\n" +
         "clip = \"range\"\nclip_bound = 1.0\nrotate = false\n[evaluate]\nmetrics = [\"loss\"]\n";
}

}  // namespace

Result<std::unique_ptr<LoadFederation>> LoadFederation::start(const std::string& program) {
  std::string folder = (std::filesystem::temp_directory_path() / "covey-load-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) return failed("no folder can be made for temporary files");
  COVEY_ASSIGN_OR_RETURN(auto authority,
                         crypto::CertificateAuthority::create("bench authority", new_key()));
  std::unique_ptr<LoadFederation> federation(new LoadFederation(folder, std::move(authority)));
  COVEY_RETURN_IF_ERROR(federation->write_settings());
  COVEY_RETURN_IF_ERROR(federation->start_coordinator(program));
  return federation;
}

LoadFederation::~LoadFederation() {
  admin_.reset();
  coordinator_.reset();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

const std::string& LoadFederation::coordinator_name() const {
  static const std::string name = "coordinator";
  return name;
}

Status LoadFederation::write_settings() {
  const crypto::SigningKeyPair key = new_key();
  COVEY_ASSIGN_OR_RETURN(
      const Bytes certificate,
      authority_.issue_coordinator(coordinator_name(), key.public_key(), ++last_serial_));
  COVEY_ASSIGN_OR_RETURN(const auto authority_pem, crypto::certificates_to_pem(root()));
  COVEY_ASSIGN_OR_RETURN(const auto certificate_pem, crypto::certificates_to_pem(certificate));
  COVEY_ASSIGN_OR_RETURN(const auto key_pem, crypto::private_key_to_pem(key));
  write_text(folder_ / "authority.pem", authority_pem);
  write_text(folder_ / "coordinator.pem", certificate_pem);
  write_text(folder_ / "coordinator.key", std::string(text_of(key_pem.reveal())));
  std::filesystem::permissions(
      folder_ / "coordinator.key",
      std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  write_text(folder_ / "coordinator.toml",
             "[coordinator]\nstate = \"state\"\nlisten = \"127.0.0.1:0\"\n[identity]\n"
             "certificate = \"coordinator.pem\"\nkey = \"coordinator.key\"\n"
             "authority = \"authority.pem\"\n");
  return {};
}

Status LoadFederation::start_coordinator(const std::string& program) {
  const std::filesystem::path state = folder_ / "state";
  coordinator_.emplace(std::vector<std::string>{program, "--config", folder_ / "coordinator.toml"},
                       folder_ / "coordinator.log");
  for (int i = 0; i < kGlancesAtStart && address_.empty(); ++i) {
    if (coordinator_->wait(kGlance)) return failed("the coordinator ended: " + coordinator_log());
    address_ = read_text(state / "address");
  }
  if (address_.empty()) return failed("the coordinator does not start");
  address_.pop_back();  // the line's end
  coordinator_id_ = std::stoi(read_text(state / "lock"));
  COVEY_ASSIGN_OR_RETURN(admin_, coordinator::connect_admin(state / "admin.sock"));
  return {};
}

Result<DeviceIdentity> LoadFederation::issue(const std::string& name) {
  DeviceIdentity identity{name, new_key(), {}, {}};
  COVEY_ASSIGN_OR_RETURN(const Bytes certificate,
                         authority_.issue_device(name, identity.key.public_key(), ++last_serial_));
  identity.certificate_chain = authority_.chain_for(certificate);
  COVEY_ASSIGN_OR_RETURN(identity.tls.authorities_pem, crypto::certificates_to_pem(root()));
  COVEY_ASSIGN_OR_RETURN(identity.tls.certificate_pem,
                         crypto::certificates_to_pem(identity.certificate_chain));
  COVEY_ASSIGN_OR_RETURN(identity.tls.private_key_pem, crypto::private_key_to_pem(identity.key));
  return identity;
}

Result<coordinator::TaskSpec> LoadFederation::submit(const std::string& task, const char* kind,
                                                     const RoundShape& shape) {
  const std::string file = task_file(task, kind, shape);
  COVEY_ASSIGN_OR_RETURN(auto spec, coordinator::parse_task_file(file));
  Bytes model = model::write_model(model::Model::zeros(testing::flat_manifest(shape.length)));
  std::size_t sent = 0;
  COVEY_ASSIGN_OR_RETURN(const Digest digest, admin_->upload_blob([&]() -> Result<Bytes> {
    const ByteView rest = ByteView(model).subspan(sent);
    const ByteView part = rest.first(std::min(rest.size(), std::size_t{1} << 20));
    sent += part.size();
    return to_bytes(part);
  }));
  COVEY_RETURN_IF_ERROR(admin_->submit_task(file, digest));
  return spec;
}

}  // namespace covey::bench
