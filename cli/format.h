#pragma once

#include <chrono>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "covey/coordinator/federation.h"
#include "covey/coordinator/records.h"
#include "covey/shell/numbers.h"
#include "covey/shell/table.h"

// How values look to people, and how records look to programs.
namespace covey::cli {

using Json = nlohmann::ordered_json;

using shell::Align;
using shell::Column;
using shell::Facts;
using shell::joined;
using shell::padded;
using shell::print_facts;
using shell::printable;
using shell::Table;
using shell::text_of_bytes;
using shell::text_of_milliseconds;
using shell::text_of_number;
using shell::text_of_time;
using shell::width_of;

// A metric by name; "-" when the round has none of it.
std::string text_of_metric(const coordinator::Metrics& metrics, const std::string& name);

Json json_of(const coordinator::FederationStatus& status);
Json json_of(const coordinator::TaskRecord& task);
Json json_of(const coordinator::ModelRecord& model);
Json json_of(const coordinator::RoundRecord& round);
Json json_of(const coordinator::DeviceRecord& device);
Json json_of(const coordinator::LogLine& line);
Json json_of(const coordinator::AuditEntry& entry);

// One line (for streams), or indented. Bytes that are not UTF-8 become U+FFFD.
std::string dump_line(const Json& json);
std::string dump(const Json& json);

template <typename Record>
Json json_list(const std::vector<Record>& records);

}  // namespace covey::cli
