#include "coordinator/app/daemon_config.h"

#include <filesystem>

#include "covey/settings/text_file.h"
#include "covey/settings/toml_document.h"

namespace covey::coordinator {
namespace {

const settings::Section kSections[] = {
    {"", {"coordinator", "identity", "limits"}},
    {"coordinator", {"state", "listen", "admin_socket"}},
    {"identity", {"certificate", "key", "authority", "revoked"}},
    {"limits",
     {"bytes_in_flight_mib", "disk_reserve_mib", "calls_per_device", "calls_per_connection",
      "worker_threads"}},
};
constexpr std::size_t kMaxPath = 4096;

}  // namespace

Result<DaemonConfig> read_daemon_config(const std::string& path) {
  COVEY_ASSIGN_OR_RETURN(
      const std::string text,
      settings::read_text_file("the settings", path,
                               "`covey-coordinator --print-config` prints some to start from"));
  COVEY_ASSIGN_OR_RETURN(settings::TomlDocument document, settings::TomlDocument::parse(text));
  DaemonConfig config;
  document.check_names(kSections);
  document.text("coordinator.state", config.state, kMaxPath);
  document.text("coordinator.listen", config.listen);
  document.text("coordinator.admin_socket", config.admin_socket, kMaxPath);
  document.text("identity.certificate", config.certificate, kMaxPath);
  document.text("identity.key", config.key, kMaxPath);
  document.text("identity.authority", config.authority, kMaxPath);
  document.text("identity.revoked", config.revoked, kMaxPath);
  document.whole("limits.bytes_in_flight_mib", config.bytes_in_flight_mib, 4, 1 << 20);
  document.whole("limits.disk_reserve_mib", config.disk_reserve_mib, 0, 1 << 30);
  document.whole("limits.calls_per_device", config.calls_per_device, 1, 4096);
  document.whole("limits.calls_per_connection", config.calls_per_connection, 1, 1024);
  document.whole("limits.worker_threads", config.worker_threads, 0, 1024);
  if (document.error()) {
    return Error{document.error()->code, path + ": " + document.error()->message};
  }
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  for (std::string* each : {&config.state, &config.admin_socket, &config.certificate, &config.key,
                            &config.authority, &config.revoked}) {
    if (!each->empty()) *each = (folder / *each).string();
  }
  return config;
}

}  // namespace covey::coordinator
