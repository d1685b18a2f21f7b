#include "sendmail/plan/cf_maps.h"

#include <sstream>

namespace tsmtp::sendmail {
namespace {

/// Where the line is that begins with `begin` and a blank or `=`; npos: nowhere.
std::size_t line_with(std::string_view cf, const std::string& begin) {
  std::size_t at = 0;
  while (at < cf.size()) {
    const std::string_view line = cf.substr(at);
    if (line.starts_with(begin) && line.size() > begin.size() &&
        std::string_view(" \t=").find(line[begin.size()]) != std::string_view::npos)
      return at;
    const std::size_t end = cf.find('\n', at);
    if (end == std::string_view::npos) break;
    at = end + 1;
  }
  return std::string_view::npos;
}

std::string_view line_at(std::string_view cf, std::size_t at) {
  return cf.substr(at, cf.find('\n', at) - at);
}

}  // namespace

std::optional<CfMap> map_in(std::string_view cf, std::string_view name) {
  const std::size_t at = line_with(cf, "K" + std::string(name));
  if (at == std::string_view::npos) return std::nullopt;
  std::istringstream words{std::string(line_at(cf, at))};
  CfMap map;
  std::string word;
  words >> word >> map.type;
  while (words >> word)
    map.path = word;
  return map;
}

std::string with_map_at(std::string_view cf, std::string_view name, const std::string& path) {
  const auto map = map_in(cf, name);
  if (!map) return std::string(cf);
  const std::size_t at = line_with(cf, "K" + std::string(name));
  const std::size_t old = at + line_at(cf, at).rfind(map->path);
  return std::string(cf.substr(0, old)) + path + std::string(cf.substr(old + map->path.size()));
}

std::string option_in(std::string_view cf, std::string_view name) {
  const std::size_t at = line_with(cf, "O " + std::string(name));
  if (at == std::string_view::npos) return "";
  const std::string_view line = line_at(cf, at);
  return std::string(line.substr(std::min(line.find('=') + 1, line.size())));
}

}  // namespace tsmtp::sendmail
