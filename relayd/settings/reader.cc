#include "relayd/settings/reader.h"

#include <algorithm>
#include <tuple>

#include "relayd/base/bytes.h"
#include "relayd/base/nearest.h"
#include "relayd/settings/domain_files.h"
#include "relayd/settings/files.h"
#include "relayd/settings/keys.h"
#include "relayd/settings/relations.h"
#include "relayd/settings/source.h"
#include "relayd/settings/this_host.h"
#include "relayd/settings/value.h"

namespace tsmtp::settings {
namespace {

constexpr std::string_view kSections[] = {"hub", "ledger", "site", "service", "forward"};

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

/// Sections within the sections of that kind; empty: there are none.
template <typename Section>
constexpr std::string_view kWithin;
template <>
constexpr std::string_view kWithin<Site> = "hub";

/// Reads one section by its table of keys. `label` is "[hub]" or "[[site]]".
template <typename Section>
Places read_section(const toml::table& table, std::span<const Key<Section>> keys, const std::string& label,
                    const base::Location& header, Section& section, base::Diagnostics& out) {
  Places places{.header = header, .keys = {}, .wrong = {}};
  for (const auto& [key, node] : table) {
    const std::string_view name = key.str();
    if (name == kWithin<Section> && !name.empty()) continue;
    const auto row = std::find_if(keys.begin(), keys.end(), [name](const auto& k) { return k.name == name; });
    if (row == keys.end()) {
      std::vector<std::string_view> names;
      for (const Key<Section>& known : keys)
        names.push_back(known.name);
      if (!kWithin<Section>.empty()) names.push_back(kWithin<Section>);
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

/// Reads the section [name], which stands there once.
template <typename Section>
void read_single(const toml::node& node, const std::string& name, std::span<const Key<Section>> keys,
                 const std::string& file, Section& section, Places& places, base::Diagnostics& out) {
  const base::Location whole_file{.file = file, .line = 0, .column = 0};
  const base::Location header = node.source().path ? locate(node.source(), file) : whole_file;
  const std::string label = '[' + name + ']';
  const toml::table* table = node.as_table();
  if (table == nullptr)
    return out.error(header, name + ": a section " + label + " was expected, in single brackets");
  places = read_section(*table, keys, label, header, section, out);
}

void read_hub(const toml::table& tree, Config& config, ConfigPlaces& places, base::Diagnostics& out) {
  const toml::node* node = tree.get("hub");
  if (node == nullptr)
    return out.error({.file = config.file, .line = 0, .column = 0}, "missing section [hub]");
  read_single(*node, "hub", hub_keys(), config.file, config.hub, places.hub, out);
  if (!places.hub.keys.contains("name")) config.hub.name = name_of_this_host();
}

/// The tables of all sections of that name. `label` is "[[site]]".
std::vector<const toml::table*> tables_of(const toml::table& tree, std::string_view name,
                                          const std::string& label, const std::string& file,
                                          base::Diagnostics& out) {
  std::vector<const toml::table*> tables;
  const toml::node* node = tree.get(name);
  if (node == nullptr) return tables;
  const toml::array* array = node->as_array();
  if (array == nullptr) {
    out.error(locate(node->source(), file),
              std::string(name) + ": a section " + label + " was expected, in double brackets");
    return tables;
  }
  for (const toml::node& element : *array)
    if (const toml::table* table = element.as_table())
      tables.push_back(table);
    else
      out.error(locate(element.source(), file), std::string(name) + ": a section " + label + " was expected");
  return tables;
}

/// Reads all sections [[name]].
template <typename Section>
void read_sections(const toml::table& tree, const std::string& name, std::span<const Key<Section>> keys,
                   const std::string& file, std::vector<Section>& sections, std::vector<Places>& places,
                   base::Diagnostics& out) {
  const std::string label = "[[" + name + "]]";
  for (const toml::table* table : tables_of(tree, name, label, file, out))
    places.push_back(
        read_section(*table, keys, label, locate(table->source(), file), sections.emplace_back(), out));
}

/// A site's hubs take the place of what [[site]] itself says of one.
void read_hubs(const toml::table& site_table, const std::string& file, Site& site,
               std::vector<Places>& places, base::Diagnostics& out) {
  constexpr const char* kLabel = "[[site.hub]]";
  const auto tables = tables_of(site_table, kWithin<Site>, kLabel, file, out);
  if (tables.empty()) return;
  site.hubs.clear();
  for (const toml::table* table : tables)
    places.push_back(read_section(*table, site_hub_keys(), kLabel, locate(table->source(), file),
                                  site.hubs.emplace_back(), out));
}

void read_sites(const toml::table& tree, const std::string& file, Config& config, ConfigPlaces& places,
                base::Diagnostics& out) {
  read_sections(tree, "site", site_keys(), file, config.sites, places.sites, out);
  places.hubs.resize(config.sites.size());
  base::Diagnostics complained_of;
  const auto tables = tables_of(tree, "site", {}, file, complained_of);
  for (std::size_t i = 0; i < tables.size(); ++i)
    read_hubs(*tables[i], file, config.sites[i], places.hubs[i], out);
}

using Include = std::vector<TextFile> (*)(const std::string& main_file,
                                          const std::vector<std::string>& patterns, base::Diagnostics& out);

std::vector<TextFile> include_nothing(const std::string& /*main_file*/,
                                      const std::vector<std::string>& /*patterns*/,
                                      base::Diagnostics& /*out*/) {
  return {};
}

/// The settings of [hub], with those of the command line.
Config read_main(toml::table& tree, const std::string& file, const std::vector<std::string>& overrides,
                 ConfigPlaces& places, base::Diagnostics& out) {
  Config config;
  config.file = file;
  for (const std::string& argument : overrides)
    if (!is_about_site(argument)) put_override(tree, argument, out);
  for (const auto& [key, node] : tree)
    if (std::ranges::find(kSections, key.str()) == std::end(kSections))
      unknown_key(key, "the file", {std::begin(kSections), std::end(kSections)}, file, out);
  read_hub(tree, config, places, out);
  return config;
}

/// How further files come in.
struct FurtherFiles {
  Include include;
  ReadText text;
};

Config read_tree(toml::table& tree, const std::string& file, const std::vector<std::string>& overrides,
                 const FurtherFiles& further, base::Diagnostics& out) {
  ConfigPlaces places;
  Config config = read_main(tree, file, overrides, places, out);
  if (places.hub.trusted("include"))
    for (const TextFile& included : further.include(file, config.hub.include, out))
      if (auto sites = parse_toml(included.text, included.path, out))
        add_sites(tree, std::move(*sites), file, out);
  for (const std::string& argument : overrides)
    if (is_about_site(argument)) put_override(tree, argument, out);
  if (const toml::node* node = tree.get("ledger"))
    read_single(*node, "ledger", ledger_keys(), file, config.ledger, places.ledger, out);
  read_sites(tree, file, config, places, out);
  read_sections(tree, "service", service_keys(), file, config.services, places.services, out);
  read_sections(tree, "forward", forward_keys(), file, config.forwards, places.forwards, out);
  read_domain_files(config, places, further.text, out);
  relate(config, places, out);
  return config;
}

// In the order of the files, not in that of our checks; findings without a line come last.
void report(const base::Diagnostics& found, const std::string& file, base::Diagnostics& diagnostics) {
  const auto place = [&](const base::Diagnostic& finding) {
    const base::Location& at = finding.location;
    const std::string_view included = at.line == 0 || at.file == file ? std::string_view() : at.file;
    return std::tuple(at.line == 0, included, at.line, at.column);
  };
  std::vector<base::Diagnostic> sorted = found.all();
  std::stable_sort(sorted.begin(), sorted.end(),
                   [&](const auto& a, const auto& b) { return place(a) < place(b); });
  for (base::Diagnostic& finding : sorted) {
    if (finding.severity == base::Severity::kError)
      diagnostics.error(std::move(finding.location), std::move(finding.message));
    else
      diagnostics.warning(std::move(finding.location), std::move(finding.message));
  }
}

std::optional<Config> read_source(const TextFile& source, const std::vector<std::string>& overrides,
                                  const FurtherFiles& further, base::Diagnostics& diagnostics) {
  base::Diagnostics found;
  std::optional<Config> config;
  if (auto tree = parse_toml(source.text, source.path, found))
    config = read_tree(*tree, source.path, overrides, further, found);
  if (found.has_errors()) config.reset();
  report(found, source.path, diagnostics);
  return config;
}

}  // namespace

std::optional<Config> read_text(std::string_view text, const std::string& file,
                                const std::vector<std::string>& overrides, base::Diagnostics& diagnostics) {
  return read_source({.path = file, .text = std::string(text)}, overrides, {include_nothing, nullptr},
                     diagnostics);
}

std::optional<Config> read(const std::string& path, const std::vector<std::string>& overrides,
                           base::Diagnostics& diagnostics) {
  auto text = text_of(path, diagnostics);
  if (!text) return std::nullopt;
  return read_source({.path = path, .text = std::move(*text)}, overrides, {included_files, text_of},
                     diagnostics);
}

std::string control_socket(const std::string& path, const std::vector<std::string>& overrides) {
  base::Diagnostics ignored;
  const auto text = text_of(path, ignored);
  auto tree = parse_toml(text ? *text : "", path, ignored);
  if (!tree) tree = parse_toml("", path, ignored);
  if (!tree) return Config().hub.control;
  ConfigPlaces places;
  return read_main(*tree, path, overrides, places, ignored).hub.control;
}

}  // namespace tsmtp::settings
