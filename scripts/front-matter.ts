/** What the site needs to know of a page: its title and its place in the navigation. */
export function frontMatter(title: string): string[] {
  return ['---', `title: ${title}`, 'category: Reference', '---', ''];
}
