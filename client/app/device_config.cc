#include "client/app/device_config.h"

#include <filesystem>

#include "covey/settings/text_file.h"
#include "covey/settings/toml_document.h"

namespace covey::client {
namespace {

using settings::Section;
using settings::TomlDocument;

const Section kSections[] = {
    {"", {"device", "coordinator", "identity", "policy", "model", "data"}},
    {"device", {"state", "task", "properties"}},
    {"coordinator", {"address", "name"}},
    {"identity", {"certificate", "key", "authority", "revoked"}},
    {"policy",
     {"minimum_devices", "minimum_survivors", "corrupt_fraction", "coordinator", "security_bits",
      "max_rounds_a_day", "tasks"}},
    {"model", {"name"}},
    {"data", {"source", "folder", "part", "parts", "examples", "held_out", "seed"}},
};
constexpr std::size_t kMaxPath = 4096;
constexpr std::uint64_t kMostDevices = 1'000'000;

void read_policy(TomlDocument& document, ParticipantPolicy& policy) {
  secagg::PrivacyPolicy& privacy = policy.privacy;
  document.whole("policy.minimum_devices", privacy.minimum_devices, 2, secagg::kMaxDevices);
  document.whole("policy.minimum_survivors", privacy.minimum_survivors, 2, secagg::kMaxDevices);
  document.number("policy.corrupt_fraction", privacy.corrupt_fraction, 0, 1,
                  TomlDocument::Ends::kOnlyLow);
  constexpr TomlDocument::Choice<bool> kCoordinators[] = {{"lying", true}, {"curious", false}};
  document.choice("policy.coordinator", privacy.coordinator_may_lie, kCoordinators);
  document.whole("policy.security_bits", privacy.security_bits, 1, 256);
  std::uint32_t rounds_a_day = 0;
  document.whole("policy.max_rounds_a_day", rounds_a_day, 1, kMostDevices);
  if (rounds_a_day > 0) policy.max_rounds_a_day = rounds_a_day;
  document.texts("policy.tasks", policy.allowed_tasks, 1024);
}

void read_data(TomlDocument& document, DeviceConfig& config) {
  constexpr TomlDocument::Choice<const char*> kSources[] = {{"handwriting", "handwriting"},
                                                            {"mnist", "mnist"}};
  const char* source = "handwriting";
  document.choice("data.source", source, kSources);
  config.data = source;
  document.text("data.folder", config.data_folder, kMaxPath);
  document.whole("data.part", config.part, 0, kMostDevices - 1);
  document.whole("data.parts", config.parts, 1, kMostDevices);
  document.whole("data.examples", config.examples, 2, kMostDevices);
  document.number("data.held_out", config.held_out, 0, 0.9);
  document.whole("data.seed", config.seed, 0, ~std::uint64_t{0} >> 1);
  if (config.part >= config.parts) {
    document.fail("data.part", "is counted from 0 and below data.parts, which is " +
                                   std::to_string(config.parts));
  }
  if (config.data == "mnist" && config.data_folder.empty()) {
    document.fail("data.source", "\"mnist\" needs data.folder, where its original files are");
  }
}

}  // namespace

const char* const kExampleDeviceConfig = R"(# device.toml: every key, with its default
[device]
state = "device-state"         # what must outlive the process; one folder a device
#task = "digits"               # default: any that the policy allows
#properties = { site = "north" }

[coordinator]
address = "127.0.0.1:7400"
name = "coordinator"           # as its certificate says; the address proves nothing

[identity]                     # from `covey pki request` and `covey pki issue`
certificate = "device.pem"
key = "device.key"
authority = "authority.pem"
#revoked = "revoked.crl"

[policy]                       # what this device insists on, whatever a coordinator asks
minimum_devices = 10           # in a group
minimum_survivors = 5          # in a sum
corrupt_fraction = 0.05        # of the group may be the coordinator's accomplices
coordinator = "lying"          # or "curious": what it is defended against
security_bits = 40
#max_rounds_a_day = 100
#tasks = ["digits"]            # default: any

[model]
name = "cnn-small"

[data]
source = "handwriting"         # generated digits; or "mnist" with folder = "…"
part = 0                       # of `parts`
parts = 1
examples = 600
held_out = 0.2
seed = 1
)";

Result<DeviceConfig> read_device_config(const std::string& path) {
  COVEY_ASSIGN_OR_RETURN(
      const std::string text,
      settings::read_text_file("the settings", path,
                               "`covey-client --print-config` prints some to start from"));
  COVEY_ASSIGN_OR_RETURN(TomlDocument document, TomlDocument::parse(text));
  DeviceConfig config;
  document.check_names(kSections);
  document.text("device.state", config.state, kMaxPath);
  document.text("device.task", config.task);
  document.table("device.properties", [&](const std::string& name, const std::string& value) {
    config.properties[name] = value;
    return std::string();
  });
  document.text("coordinator.address", config.address);
  document.text("coordinator.name", config.coordinator_name);
  document.text("identity.certificate", config.certificate, kMaxPath);
  document.text("identity.key", config.key, kMaxPath);
  document.text("identity.authority", config.authority, kMaxPath);
  document.text("identity.revoked", config.revoked, kMaxPath);
  document.text("model.name", config.model);
  read_policy(document, config.policy);
  read_data(document, config);
  if (document.error()) {
    return Error{document.error()->code, path + ": " + document.error()->message};
  }
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  for (std::string* each : {&config.state, &config.certificate, &config.key, &config.authority,
                            &config.revoked, &config.data_folder}) {
    if (!each->empty()) *each = (folder / *each).string();
  }
  return config;
}

}  // namespace covey::client
