"""x"""
def write_page(result): pass
