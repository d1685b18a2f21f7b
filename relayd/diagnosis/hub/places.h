// Where something stands in the files of a hub, and what the words around it are.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "relayd/diagnosis/hub/facts.h"

namespace tsmtp::diagnosis {

/// Calls `take` with each line of `text` and its number, from 1.
void for_lines(std::string_view text, const std::function<void(std::string_view line, int number)>& take);

/// What blanks separate, up to a `#`.
[[nodiscard]] std::vector<std::string> words_in(std::string_view line);

/// The text of `path`; empty if it was not read.
[[nodiscard]] std::string_view text_of(const HubFacts& facts, const std::string& path);

/// "/etc/mail/access:12": the first line of the file at `path` that has `word` by itself or in quotes, of any
/// case; `path` alone if none has.
[[nodiscard]] std::string place_of(const HubFacts& facts, const std::string& path, std::string_view word);

/// The same in the files of relayd.toml.
[[nodiscard]] std::string config_place(const HubFacts& facts, std::string_view word);

/// The file at `path`; null if it was not looked at, or is not there.
[[nodiscard]] const FileFact* file_at(const HubFacts& facts, const std::string& path);

/// What relayd says of itself; null if it was not asked, or did not answer.
[[nodiscard]] const control::Json* status_of(const HubFacts& facts);
/// What it says of its sites.
[[nodiscard]] std::vector<control::Json> sites_in(const HubFacts& facts);

/// Of JSON; empty where it is not there, or null.
[[nodiscard]] std::string text_in(const control::Json& object, const char* name);
[[nodiscard]] std::uint64_t number_in(const control::Json& object, const char* name);
[[nodiscard]] std::optional<base::WallTime> time_in(const control::Json& object, const char* name);

[[nodiscard]] base::WallTime wall_time(std::int64_t seconds);
[[nodiscard]] std::string joined(const std::vector<std::string>& words, std::string_view between = ", ");
[[nodiscard]] std::string in_quotes(std::string_view text);

}  // namespace tsmtp::diagnosis
