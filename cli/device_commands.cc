#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/exit_status.h"
#include "cli/format.h"
#include "cli/lookup.h"
#include "covey/shell/table.h"

namespace covey::cli {
namespace {

using namespace coordinator;

int list_devices(const Invocation& invocation, Context& context) {
  COVEY_CLI_ASSIGN(const auto client, context.connect(invocation.socket()));
  COVEY_CLI_ASSIGN(const auto devices, client->devices());
  if (invocation.is_json()) {
    context.out << dump(json_list(devices)) << '\n';
    return kOk;
  }
  Table table({{"DEVICE"}, {"STATE"}, {"ROUNDS", Align::kRight}, {"LAST SEEN"}, {"TAGS"}});
  for (const DeviceRecord& device : devices) {
    table.add({device.name, device.is_revoked ? "revoked" : "welcome",
               std::to_string(device.rounds), text_of_time(device.last_seen_at),
               joined(device.tags)});
  }
  table.print(context.out);
  return kOk;
}

int report(const Invocation& invocation, Context& context, const DeviceRecord& device) {
  if (invocation.is_json()) {
    context.out << dump(json_of(device)) << '\n';
    return kOk;
  }
  std::vector<std::string> properties;
  for (const auto& [name, value] : device.properties) properties.push_back(name + "=" + value);
  Facts facts = {{"device", device.name},
                 {"state", device.is_revoked ? "revoked: " + device.revoked_reason : "welcome"},
                 {"key", to_hex(device.key)},
                 {"tags", joined(device.tags)},
                 {"properties", joined(properties)},
                 {"in the sum of", std::to_string(device.rounds) + " rounds"},
                 {"first seen", text_of_time(device.first_seen_at)},
                 {"last seen", text_of_time(device.last_seen_at)}};
  print_facts(context.out, facts);
  return kOk;
}

int show_device(const Invocation& invocation, Context& context) {
  COVEY_CLI_ASSIGN(const auto client, context.connect(invocation.socket()));
  COVEY_CLI_ASSIGN(const DeviceRecord device, find_device(*client, invocation.words[0]));
  return report(invocation, context, device);
}

// One that was never seen may be revoked before it comes, so that it is not looked up first.
int revoke(const Invocation& invocation, Context& context) {
  COVEY_CLI_ASSIGN(const auto client, context.connect(invocation.socket()));
  COVEY_CLI_ASSIGN(
      const DeviceRecord device,
      client->revoke_device(invocation.words[0], invocation.value("reason", "by the operator")));
  return report(invocation, context, device);
}

int tag(const Invocation& invocation, Context& context) {
  COVEY_CLI_ASSIGN(const auto client, context.connect(invocation.socket()));
  COVEY_CLI_ASSIGN(const DeviceRecord known, find_device(*client, invocation.words[0]));
  const std::vector<std::string> tags(invocation.words.begin() + 1, invocation.words.end());
  COVEY_CLI_ASSIGN(const DeviceRecord device, client->tag_device(known.name, tags));
  return report(invocation, context, device);
}

}  // namespace

std::vector<Command> device_commands() {
  return {
      {"device",
       "list",
       "",
       "all devices that have shown themselves",
       {},
       "covey device list",
       list_devices},
      {"device", "show", "DEVICE", "one device", {}, "covey device show phone-7", show_device},
      {"device",
       "revoke",
       "DEVICE",
       "turn a device away from now on",
       {{"reason", "TEXT", "why, for the record"}},
       "covey device revoke phone-7 --reason \"stolen\"",
       revoke},
      {"device",
       "tag",
       "DEVICE TAG…",
       "set the tags of a device, in place of those it has; none clears them",
       {},
       "covey device tag phone-7 beta eu",
       tag},
  };
}

}  // namespace covey::cli
