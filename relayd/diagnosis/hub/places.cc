#include "relayd/diagnosis/hub/places.h"

#include <algorithm>
#include <ctime>

#include "relayd/base/bytes.h"

namespace tsmtp::diagnosis {
namespace {

constexpr std::string_view kBlank = " \t\v\f\r";

/// Whether `word` stands in `line` with nothing beside it that a name could go on with.
bool has_word(std::string_view line, std::string_view word) {
  const auto is_of_name = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '-' || c == '_' || c == '.';
  };
  for (std::size_t at = line.find(word); at != line.npos; at = line.find(word, at + 1)) {
    const bool begins = at == 0 || !is_of_name(line[at - 1]);
    const std::size_t end = at + word.size();
    if (begins && (end == line.size() || !is_of_name(line[end]))) return true;
  }
  return false;
}

int line_with(std::string_view text, std::string_view word) {
  int found = 0;
  for_lines(text, [&](std::string_view line, int number) {
    if (found == 0 && !line.starts_with('#') && has_word(base::ascii_lower(line), word)) found = number;
  });
  return found;
}

}  // namespace

void for_lines(std::string_view text, const std::function<void(std::string_view, int)>& take) {
  for (int number = 1; !text.empty(); ++number) {
    const std::string_view line = text.substr(0, text.find('\n'));
    take(line, number);
    text.remove_prefix(std::min(text.size(), line.size() + 1));
  }
}

std::vector<std::string> words_in(std::string_view line) {
  line = line.substr(0, line.find('#'));
  std::vector<std::string> words;
  while (true) {
    const std::size_t begin = line.find_first_not_of(kBlank);
    if (begin == line.npos) return words;
    line.remove_prefix(begin);
    const std::size_t end = std::min(line.find_first_of(kBlank), line.size());
    words.emplace_back(line.substr(0, end));
    line.remove_prefix(end);
  }
}

std::string_view text_of(const HubFacts& facts, const std::string& path) {
  const auto found = facts.texts.find(path);
  return found == facts.texts.end() ? std::string_view() : std::string_view(found->second);
}

std::string place_of(const HubFacts& facts, const std::string& path, std::string_view word) {
  const int line = line_with(text_of(facts, path), base::ascii_lower(word));
  return line == 0 ? path : path + ':' + std::to_string(line);
}

std::string config_place(const HubFacts& facts, std::string_view word) {
  for (const std::string& path : facts.config_files)
    if (std::string place = place_of(facts, path, word); place != path) return place;
  return facts.config_file;
}

const FileFact* file_at(const HubFacts& facts, const std::string& path) {
  const auto found = facts.files.find(path);
  return found == facts.files.end() || found->second.kind == FileFact::Kind::kAbsent ? nullptr
                                                                                     : &found->second;
}

const control::Json* status_of(const HubFacts& facts) {
  return facts.status ? &*facts.status : nullptr;
}

std::vector<control::Json> sites_in(const HubFacts& facts) {
  const control::Json* const status = status_of(facts);
  std::vector<control::Json> out;
  if (status != nullptr && status->contains("sites") && (*status)["sites"].is_array())
    for (const control::Json& site : (*status)["sites"])
      if (site.is_object()) out.push_back(site);
  return out;
}

std::string text_in(const control::Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::uint64_t number_in(const control::Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_number_integer() && *found >= 0 ? found->get<std::uint64_t>() : 0;
}

std::optional<base::WallTime> time_in(const control::Json& object, const char* name) {
  std::tm utc{};
  if (strptime(text_in(object, name).c_str(), "%Y-%m-%dT%H:%M:%S", &utc) == nullptr) return std::nullopt;
  return wall_time(timegm(&utc));
}

base::WallTime wall_time(std::int64_t seconds) {
  return base::WallTime(std::chrono::seconds(seconds));
}

std::string joined(const std::vector<std::string>& words, std::string_view between) {
  std::string out;
  for (const std::string& word : words)
    out.append(out.empty() ? "" : between).append(word);
  return out;
}

std::string in_quotes(std::string_view text) {
  return '"' + base::escaped(text, 200) + '"';
}

}  // namespace tsmtp::diagnosis
