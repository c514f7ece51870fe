#include "daemon/ghost/yaml_tree.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <sstream>
#include <utility>

#include "daemon/core/cut_text.h"
#include "daemon/core/visible_text.h"

namespace rollcall::ghost {
namespace {

constexpr std::size_t kMaxDepth = 16;

// Builds a tree from yaml-cpp's events, so that depth, size and aliases are refused while they come
// in and not when a tree of theirs has been made.
class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(std::string_view file, std::size_t maxNodes) : file_(file), maxNodes_(maxNodes) {}

  YamlNode root;

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add(mark, anchor, YamlNode::Kind::kNull);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { refuseAlias(mark); }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    const bool plain = tag != "!";
    const bool null = plain && (value.empty() || value == "~" || value == "null");
    if (plain && value == "<<")
      refuse(mark, "merge keys (<<) are not supported, write the values out");
    YamlNode& node = add(mark, anchor, null ? YamlNode::Kind::kNull : YamlNode::Kind::kScalar);
    node.text = value;
    node.plain = plain;
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(add(mark, anchor, YamlNode::Kind::kSequence));
  }
  void OnSequenceEnd() override { open_.pop_back(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(add(mark, anchor, YamlNode::Kind::kMap));
  }
  void OnMapEnd() override { open_.pop_back(); }

 private:
  [[noreturn]] void refuse(const YAML::Mark& mark, const std::string& what) const {
    refuseYaml(file_, mark.line + 1, "", what);
  }
  [[noreturn]] void refuseAlias(const YAML::Mark& mark) const {
    refuse(mark, "anchors and aliases (& and *) are not supported, write them out");
  }

  YamlNode& add(const YAML::Mark& mark, YAML::anchor_t anchor, YamlNode::Kind kind) {
    if (anchor != 0) refuseAlias(mark);
    if (++nodes_ > maxNodes_) refuse(mark, "the file has too many entries");
    YamlNode& node = open_.empty() ? root : open_.back()->items.emplace_back();
    node.kind = kind;
    node.line = mark.line + 1;
    return node;
  }
  // The pointer stays valid: nothing is added to the parent while its child is open.
  void open(YamlNode& node) {
    open_.push_back(&node);
    if (open_.size() > kMaxDepth) refuseYaml(file_, node.line, "", "the file is nested too deeply");
  }

  const std::string_view file_;
  const std::size_t maxNodes_;
  std::size_t nodes_ = 0;
  std::vector<YamlNode*> open_;
};

YamlNode parse(std::string_view file, std::string_view yaml, std::size_t maxNodes) {
  std::istringstream stream{std::string(yaml)};
  YAML::Parser parser(stream);
  TreeBuilder tree(file, maxNodes);
  if (!parser.HandleNextDocument(tree)) return {};
  TreeBuilder second(file, maxNodes);
  if (parser.HandleNextDocument(second))
    refuseYaml(file, second.root.line, "", "there is more than one document");
  return std::move(tree.root);
}

}  // namespace

std::string shownYaml(std::string_view text) {
  constexpr std::size_t kLongest = 80;
  const std::string clean = visible(cutText(text, kLongest));
  return text.size() > kLongest ? clean + "..." : clean;
}

void refuseYaml(std::string_view file, int line, std::string_view key, const std::string& what) {
  std::string message = std::string(file) + " line " + std::to_string(line) + ": ";
  if (!key.empty()) message += shownYaml(key) + ": ";
  throw YamlRefused{message + what};
}

Result<YamlNode> readYaml(std::string_view file, std::string_view yaml, const YamlLimits& limits) {
  if (yaml.size() > limits.bytes)
    return Error{ErrorCode::kProtocol, std::string(file) + " is larger than " +
                                           std::to_string(limits.bytes / 1024) + " KiB"};
  try {
    return parse(file, yaml, limits.nodes);
  } catch (const YamlRefused& refused) {
    return Error{ErrorCode::kProtocol, refused.message};
  } catch (const YAML::Exception& broken) {
    return invalidArgument(std::string(file) + " line " + std::to_string(broken.mark.line + 1) +
                           ": it is not valid YAML: " + shownYaml(broken.msg));
  }
}

}  // namespace rollcall::ghost
