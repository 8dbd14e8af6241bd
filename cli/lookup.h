#pragma once

#include "covey/coordinator/admin_client.h"

namespace covey::cli {

// kNotFound, with the nearest name, when there is no such task, device or version.
Result<coordinator::TaskRecord> find_task(coordinator::AdminClient& client,
                                          const std::string& name);
Result<coordinator::DeviceRecord> find_device(coordinator::AdminClient& client,
                                              const std::string& name);
// 0: the current one.
Result<coordinator::ModelRecord> find_model(coordinator::AdminClient& client,
                                            const std::string& task, std::uint64_t version);

// The rounds from number `from` on, all of them.
Result<std::vector<coordinator::RoundRecord>> rounds_from(coordinator::AdminClient& client,
                                                          const std::string& task,
                                                          std::uint64_t from);

// A whole number that stands by itself on the command line. kInvalidArgument, with `what` it is.
Result<std::uint64_t> number_in(const std::string& text, const char* what);

}  // namespace covey::cli
