#include "relayd/config/reader.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <tuple>

#include "relayd/base/bytes.h"
#include "relayd/base/nearest.h"
#include "relayd/config/keys.h"
#include "relayd/config/relations.h"
#include "relayd/config/source.h"
#include "relayd/config/value.h"

namespace tsmtp::config {
namespace {

void unknown_key(const toml::key& key, const std::string& place, const std::vector<std::string_view>& known,
                 const std::string& file, base::Diagnostics& out) {
  std::string message = "unknown key \"" + base::escaped(key.str(), 100) + "\" in " + place;
  const std::string_view meant = base::nearest(base::ascii_lower(key.str()), known);
  if (!meant.empty()) message += "; did you mean \"" + std::string(meant) + "\"?";
  out.error(locate(key.source(), file), message);
}

// "Names this hub." as the end of another sentence.
std::string in_a_sentence(std::string_view sentence) {
  std::string out(sentence.substr(0, sentence.find('.')));
  out[0] = static_cast<char>(out[0] - 'A' + 'a');
  return out;
}

bool has_errors_after(const base::Diagnostics& diagnostics, std::size_t before) {
  const auto& all = diagnostics.all();
  return std::any_of(all.begin() + static_cast<std::ptrdiff_t>(before), all.end(),
                     [](const auto& finding) { return finding.severity == base::Severity::kError; });
}

/// Reads one section by its table of keys. `label` is "[hub]" or "[[site]]".
template <typename Section>
Places read_section(const toml::table& table, std::span<const Key<Section>> keys, const std::string& label,
                    const base::Location& header, Section& section, base::Diagnostics& out) {
  Places places{.header = header, .keys = {}, .wrong = {}};
  for (const auto& [key, node] : table) {
    const std::string_view name = key.str();
    const auto row = std::find_if(keys.begin(), keys.end(), [name](const auto& k) { return k.name == name; });
    if (row == keys.end()) {
      std::vector<std::string_view> names;
      for (const Key<Section>& known : keys)
        names.push_back(known.name);
      unknown_key(key, label, names, header.file, out);
      continue;
    }
    const Value value(node, row->name, locate(key.source(), header.file), out);
    places.keys.emplace(row->name, value.where());
    const std::size_t before = out.all().size();
    row->form.read(value, section);
    if (has_errors_after(out, before)) places.wrong.insert(row->name);
  }
  for (const Key<Section>& key : keys)
    if (key.need == Need::kRequired && !places.keys.contains(key.name))
      out.error(header, "missing key \"" + std::string(key.name) + "\" in " + label + ": " +
                            in_a_sentence(key.sentence));
  return places;
}

void read_hub(const toml::table& tree, Config& config, ConfigPlaces& places, base::Diagnostics& out) {
  const toml::node* node = tree.get("hub");
  const base::Location whole_file{.file = config.file, .line = 0, .column = 0};
  if (node == nullptr) return out.error(whole_file, "missing section [hub], with at least its name");
  const base::Location header = node->source().path ? locate(node->source(), config.file) : whole_file;
  const toml::table* table = node->as_table();
  if (table == nullptr) return out.error(header, "hub: a section [hub] was expected, in single brackets");
  places.hub = read_section(*table, hub_keys(), "[hub]", header, config.hub, out);
}

void read_sites(const toml::table& tree, Config& config, ConfigPlaces& places, base::Diagnostics& out) {
  const toml::node* node = tree.get("site");
  if (node == nullptr) return;
  const toml::array* array = node->as_array();
  if (array == nullptr)
    return out.error(locate(node->source(), config.file),
                     "site: a section [[site]] was expected, in double brackets");
  for (const toml::node& element : *array) {
    const base::Location header = locate(element.source(), config.file);
    const toml::table* table = element.as_table();
    if (table == nullptr) {
      out.error(header, "site: a section [[site]] was expected");
      continue;
    }
    places.sites.push_back(
        read_section(*table, site_keys(), "[[site]]", header, config.sites.emplace_back(), out));
  }
}

Config read_tree(const toml::table& tree, const std::string& file, base::Diagnostics& out) {
  Config config;
  config.file = file;
  for (const auto& [key, node] : tree)
    if (key != "hub" && key != "site") unknown_key(key, "the file", {"hub", "site"}, file, out);
  ConfigPlaces places;
  read_hub(tree, config, places, out);
  read_sites(tree, config, places, out);
  relate(config, places, out);
  return config;
}

// In the order of the file, not in that of our checks; what has no line comes last.
void report(const base::Diagnostics& found, base::Diagnostics& diagnostics) {
  std::vector<base::Diagnostic> sorted = found.all();
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
    return std::tuple(a.location.line == 0, a.location.line, a.location.column) <
           std::tuple(b.location.line == 0, b.location.line, b.location.column);
  });
  for (base::Diagnostic& finding : sorted) {
    if (finding.severity == base::Severity::kError)
      diagnostics.error(std::move(finding.location), std::move(finding.message));
    else
      diagnostics.warning(std::move(finding.location), std::move(finding.message));
  }
}

// The file's text, or what keeps it from being read.
std::optional<std::string> text_of(const std::string& path, base::Diagnostics& diagnostics) {
  const base::Location whole_file{.file = path, .line = 0, .column = 0};
  std::string text;
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  if (in) {
    text.resize(kMaxFileBytes + 1);
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(in.gcount()));
  }
  if (!in && !in.eof()) {
    diagnostics.error(whole_file, "cannot be read: " + std::string(std::strerror(errno != 0 ? errno : EIO)));
    return std::nullopt;
  }
  if (text.size() > kMaxFileBytes) {
    diagnostics.error(whole_file, "larger than 1 MiB: this is no configuration of relayd");
    return std::nullopt;
  }
  return text;
}

}  // namespace

std::optional<Config> read_text(std::string_view text, const std::string& file,
                                const std::vector<std::string>& overrides, base::Diagnostics& diagnostics) {
  base::Diagnostics found;
  std::optional<Config> config;
  if (auto tree = parse_toml(text, file, found)) {
    for (const std::string& argument : overrides)
      put_override(*tree, argument, found);
    config = read_tree(*tree, file, found);
  }
  if (found.has_errors()) config.reset();
  report(found, diagnostics);
  return config;
}

std::optional<Config> read(const std::string& path, const std::vector<std::string>& overrides,
                           base::Diagnostics& diagnostics) {
  const auto text = text_of(path, diagnostics);
  if (!text) return std::nullopt;
  return read_text(*text, path, overrides, diagnostics);
}

std::string control_socket(const std::string& path, const std::vector<std::string>& overrides) {
  base::Diagnostics ignored;
  const auto text = text_of(path, ignored);
  auto tree = parse_toml(text ? *text : "", path, ignored);
  if (!tree) tree = parse_toml("", path, ignored);
  if (!tree) return Config().hub.control;
  for (const std::string& argument : overrides)
    put_override(*tree, argument, ignored);
  return read_tree(*tree, path, ignored).hub.control;
}

}  // namespace tsmtp::config
