#pragma once

#include <string>
#include <string_view>
#include <system_error>

#include "covey/base/bytes.h"
#include "covey/base/result.h"

namespace covey::simulation {

// "cannot write 'PATH': No space left on device"; without `error`, of errno.
Error path_error(std::string_view what, const std::string& path);
Error path_error(std::string_view what, const std::string& path, std::error_code error);

// The file has these bytes, durably, or still what it had.
Status write_whole(const std::string& path, ByteView bytes);
// A line more, durably. After an error, or a kill, a part of it may be there, without its end.
Status append_line(const std::string& path, std::string line);

}  // namespace covey::simulation
