// Fields of the gateway's JSON: what is not there is empty or 0, as protobuf has it; 64-bit numbers are
// strings; bytes are base64. A field of another type is an error.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "relayd/base/result.h"

namespace tsmtp::etcd {

/// An object, or an error.
[[nodiscard]] base::Result<nlohmann::json> parse_object(std::string_view text);

/// The member `key` of `object`; null if it is not there.
[[nodiscard]] const nlohmann::json* member(const nlohmann::json& object, const char* key);

[[nodiscard]] base::Result<std::int64_t> number_at(const nlohmann::json& object, const char* key);
[[nodiscard]] base::Result<bool> flag_at(const nlohmann::json& object, const char* key);
/// Give the value through boost::system::in_place_value.
[[nodiscard]] base::Result<std::string> bytes_at(const nlohmann::json& object, const char* key);
[[nodiscard]] base::Result<std::string> text_at(const nlohmann::json& object, const char* key);

}  // namespace tsmtp::etcd
