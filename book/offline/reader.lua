-- Reads the chapters as mdBook's Markdown renderer writes them, for pandoc: `pandoc --from book/offline/reader.lua`.
--
-- Each chapter is read by itself, links between chapters become links within the one document, and HTML becomes
-- what an EPUB can have. A link that leads nowhere is an error.

local FORMAT = "commonmark_x-tex_math_dollars"

local pages, ids, wanted = {}, {}, {}

-- The name of a page in identifiers, which in XML start with a letter.
local function page_of(file)
  return "page-" .. file:gsub("^%./", ""):gsub("%.%w+$", "")
end

-- Where a link leads, seen from a page; nil for what is not in the document.
local function target(from, link)
  if link:match("^%a[%w+.-]*:") then return link end
  local file, anchor = link:match("^([^#]*)#?(.*)$")
  local page = file == "" and from or page_of(file)
  if not pages[page] then return nil end
  local id = anchor == "" and page or page .. "--" .. anchor
  wanted[id] = from
  return "#" .. id
end

-- HTML as XML has it.
local function xml(html)
  html = html:gsub("<!%-%-.-%-%->", ""):gsub("&nbsp;", "&#160;")
  for _, name in ipairs({ "img", "br", "hr", "wbr", "input", "source" }) do
    html = html:gsub("(<" .. name .. "%f[%s/>][^>]-)%s*/?>", "%1/>")
  end
  -- In a page of HTML it is a drawing by its name alone.
  return (html:gsub("<svg[^>]*>", function(tag)
    if tag:match("xmlns=") then return tag end
    return '<svg xmlns="http://www.w3.org/2000/svg"' .. tag:sub(5)
  end))
end

local function filter(page)
  local is_first = true
  local links
  local function raw(element)
    if element.format ~= "html" then return nil end
    local html = element.text
    if html:match("^%s*<script") or html:match("^%s*</script") then return {} end
    -- Headings may stand in it, and then pandoc's sections would cross it.
    if html:match("^%s*<div[^>]*>%s*$") or html:match("^%s*</div>%s*$") then return {} end
    local place = html:match('^%s*<div id="([^"]*)"></div>%s*$')
    if place then
      ids[page .. "--" .. place] = true
      return pandoc.Div({}, pandoc.Attr(page .. "--" .. place))
    end
    if html:match("href=") and element.t == "RawBlock" then
      -- Only what pandoc knows for a link is a link in all of the EPUB's files. Pictures that say nothing stay out.
      html = html:gsub('<svg aria%-hidden="true".-</svg>', ""):gsub('<img [^>]*alt=""[^>]*>', "")
      return pandoc.walk_block(pandoc.Div(pandoc.read(html, "html").blocks), links)
    end
    for id in html:gmatch("%sid=\"([^\"]*)\"") do ids[page .. "--" .. id] = true end
    -- A drawing refers to its own parts.
    if not html:match("<svg") then
      html = html:gsub("(%sid=\")([^\"]*\")", "%1" .. page .. "--%2")
    end
    element.text = xml(html)
    return element
  end
  links = {
    Link = function(link)
      local to = target(page, link.target)
      if not to then return link.content end
      link.target = to
      return link
    end,
  }
  return {
    Header = function(header)
      header.identifier = is_first and page or page .. "--" .. header.identifier
      is_first = false
      ids[header.identifier] = true
      return header
    end,
    Link = links.Link,
    Span = function(span)
      if span.identifier ~= "" then
        span.identifier = page .. "--" .. span.identifier
        ids[span.identifier] = true
      end
      return span
    end,
    RawBlock = raw,
    RawInline = raw,
  }
end

function Reader(sources)
  local blocks = pandoc.List()
  for _, source in ipairs(sources) do pages[page_of(source.name)] = true end
  for _, source in ipairs(sources) do
    local page = page_of(source.name)
    local read = pandoc.read(source.text, FORMAT)
    -- In the order of the page: only its first heading is its name.
    local made = pandoc.walk_block(pandoc.Div(read.blocks), filter(page))
    blocks:extend(made.content)
  end
  for id, page in pairs(wanted) do
    if not ids[id] then error(page:sub(6) .. ".md has a link to #" .. id:sub(6) .. ", which is not there") end
  end
  return pandoc.Pandoc(blocks)
end
